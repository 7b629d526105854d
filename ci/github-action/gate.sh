#!/usr/bin/env bash
# Is the commit proved? Run in a checkout of the repository; settings come by WORKRAIL_GATE_*.
# Exits with 0 only for a sound file of proofs whose run ended with the very files of the commit.
set -euo pipefail

fail() {
  echo "workrail gate: $1" >&2
  exit 1
}

commit="${WORKRAIL_GATE_COMMIT:-HEAD}"
[ -n "${WORKRAIL_GATE_KEY:-}" ] || fail "no public key is given. Set the input 'key'."
git rev-parse --quiet --verify "$commit^{commit}" > /dev/null ||
  fail "commit $commit is not in this checkout. Check out the head of the pull request."

bundle="${WORKRAIL_GATE_BUNDLE:-}"
if [ -z "$bundle" ]; then
  bundle="$(mktemp)"
  trap 'rm -f "$bundle"' EXIT
  git fetch --quiet origin '+refs/notes/workrail:refs/notes/workrail' 2> /dev/null || true
  note="$(git notes --ref=workrail list "$commit" 2> /dev/null)" ||
    fail "commit $commit has no proof: there is no note of it in refs/notes/workrail."
  git cat-file blob "$note" > "$bundle"
fi

arguments=("$bundle" --commit "$commit" --repo .)
while IFS= read -r key; do
  [ -z "$key" ] || arguments+=(--key "$key")
done <<< "$WORKRAIL_GATE_KEY"
[ -z "${WORKRAIL_GATE_WORKFLOW:-}" ] || arguments+=(--workflow "$WORKRAIL_GATE_WORKFLOW")
read -ra checks <<< "${WORKRAIL_GATE_CHECKS:-}"
for check in ${checks[@]+"${checks[@]}"}; do
  arguments+=(--check "$check")
done
[ "${WORKRAIL_GATE_RERUN:-false}" != true ] || arguments+=(--rerun)

workrail proof verify "${arguments[@]}" || fail "commit $commit is not proved; see above."
echo "workrail gate: commit $commit is proved."
