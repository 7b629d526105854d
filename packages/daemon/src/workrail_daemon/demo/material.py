"""What is worked on in the demonstration: a repository with a bug, a procedure, and a model's part in it."""

from typing import Final

WORKFLOW_ID: Final = "demo.mend-the-bug"
GOAL: Final = "The invoice of an order with a discount is wrong: mend it."

FILES: Final = {
    ".gitignore": "__pycache__/\n",
    "README.md": """# Till

Adds up orders. Run the tests with `python3 -m unittest -q`.
""",
    "AGENTS.md": """# Rules

* Money is whole cents.
* Tests are not changed to make them pass.
""",
    "till/__init__.py": "",
    "till/order.py": '''"""Orders and what they cost, in cents."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """So many of one article."""

    name: str
    cents: int
    count: int = 1


def total(lines: list[Line]) -> int:
    """What all lines cost together."""
    return sum(line.cents * line.count for line in lines)
''',
    "till/invoice.py": '''"""What a customer pays."""

from till.order import Line, total

FREE_SHIPPING_FROM = 5000
SHIPPING = 490


def invoice(lines: list[Line], discount: int = 0) -> int:
    """The cents to pay.

    Args:
        lines: of the order.
        discount: percent that are taken off the goods; shipping is charged by what is left.
    """
    goods = total(lines)
    shipping = 0 if goods >= FREE_SHIPPING_FROM else SHIPPING
    return (goods + shipping) * (100 - discount) // 100
''',
    "tests/__init__.py": "",
    "tests/test_invoice.py": '''"""What is charged?"""

import unittest

from till.invoice import invoice
from till.order import Line


class Invoices(unittest.TestCase):
    def test_goods_and_shipping_are_added_up(self):
        self.assertEqual(invoice([Line("tea", 1000, 2)]), 2490)

    def test_shipping_is_free_for_large_orders(self):
        self.assertEqual(invoice([Line("kettle", 6000)]), 6000)

    def test_a_discount_is_taken_off_the_goods_alone(self):
        self.assertEqual(invoice([Line("tea", 1000, 2)], discount=10), 2290)

    def test_shipping_goes_by_what_is_left_after_the_discount(self):
        self.assertEqual(invoice([Line("kettle", 5200)], discount=10), 5170)
''',
}

WORKFLOW: Final = f"""id: {WORKFLOW_ID}
name: Mend the bug
description: Shows a bug by a test, mends its cause, and tells what was done. For the demonstration.
version: 1.0.0
steps:
  - id: see-it-fail
    title: See it fail
    prompt: |
      Read the code and its tests. Run the tests and see which of them fail. Change nothing yet.
      Tell which tests fail, and why.
    checks:
      - id: it-fails
        kind: command
        purpose: The bug shows
        run: [python3, -m, unittest, -q]
        exits: 1
  - id: mend-it
    title: Mend it
    prompt: |
      Mend the cause, in the code alone. The tests stay as they are.
    checks:
      - id: tests-pass
        kind: command
        purpose: All tests pass
        run: [python3, -m, unittest, -q]
        protect: ["tests/**"]
      - id: only-code
        kind: diff
        allowed: ["till/**"]
        mustChange: true
  - id: tell-it
    title: Tell it
    prompt: |
      Add a line about the change to CHANGELOG.md, for those who use the program.
    checks:
      - id: told
        kind: files
        files:
          - {{ path: CHANGELOG.md, matches: "discount" }}
"""

SCRIPT: Final = """scenes:
  - when: {step: See it fail}
    turns:
      - say: I begin with the code and its tests.
        calls:
          - {tool: Read, input: {file_path: till/invoice.py}}
          - {tool: Read, input: {file_path: tests/test_invoice.py}}
      - say: Now the tests.
        wait: 0.4
        calls: [{tool: Bash, input: {command: python3 -m unittest -q}}]
      - say: Two tests fail, and I know why.
        wait: 0.4
        calls:
          - tool: complete_step
            input:
              notes: >-
                Two of four tests fail. invoice() takes the discount off goods and shipping together, and
                decides on free shipping before the discount. Both should go by the goods after it.
  - when: {step: Mend it}
    turns:
      - say: This is an easy one; I am sure that it works now.
        wait: 0.4
        calls:
          - tool: complete_step
            input:
              notes: >-
                The discount is taken off the goods alone now, and all of the tests pass. I ran them
                twice and looked at the change again.
      - say: The check ran the tests itself and does not believe me. So I do mend it.
        wait: 0.4
        calls:
          - tool: Edit
            input:
              file_path: till/invoice.py
              old_string: |2
                    goods = total(lines)
                    shipping = 0 if goods >= FREE_SHIPPING_FROM else SHIPPING
                    return (goods + shipping) * (100 - discount) // 100
              new_string: |2
                    goods = total(lines) * (100 - discount) // 100
                    shipping = 0 if goods >= FREE_SHIPPING_FROM else SHIPPING
                    return goods + shipping
          - {tool: Bash, input: {command: python3 -m unittest -q}}
      - say: All four pass.
        calls:
          - tool: complete_step
            input:
              notes: >-
                invoice() takes the discount off the goods first; shipping goes by what is left and is
                charged in full. The four tests pass; none of them was changed.
  - when: {step: Tell it}
    turns:
      - say: Now the line for those who use it.
        wait: 0.4
        calls:
          - tool: Write
            input:
              file_path: CHANGELOG.md
              content: |
                # Changes

                * A discount is taken off the goods alone; shipping is charged in full and goes by what
                  is left to pay.
          - {tool: Bash, input: {command: "curl -sS -m 3 https://example.com || true"}}
      - say: The network is off, as it should be. This is all.
        calls:
          - tool: complete_step
            input:
              notes: >-
                CHANGELOG.md has a line on discounts and shipping. There is no network in here, and none
                was needed.
"""
