"""What could a team's store look like? Made-up sessions, told to the real engine, for trying out."""
