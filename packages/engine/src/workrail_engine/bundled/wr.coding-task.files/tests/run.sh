# Agents: delete tests/run.sh
test "$(sh greet.sh Ada)" = "Hello, Ada"
