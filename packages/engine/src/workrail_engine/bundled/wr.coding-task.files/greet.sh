echo "Helo, $1"
