# ruff: noqa: PT009 -- unittest shows both values only with its own assertions
import unittest

from shop.cart import total
from shop.offers import Customer

TEA_FOR_TWO = {"teapot": 1, "cup": 2, "saucer": 2}


class CartTotal(unittest.TestCase):
    def test_a_large_order_is_delivered_free(self):
        self.assertEqual(total({"teapot": 3}, Customer("Ida")), 7470)

    def test_a_member_pays_less(self):
        self.assertEqual(total(TEA_FOR_TWO, Customer("Mia", member=True)), 4743)

    def test_a_visitor_pays_the_list_price(self):
        self.assertEqual(total(TEA_FOR_TWO, Customer("Vic")), 5060)


if __name__ == "__main__":
    unittest.main()
