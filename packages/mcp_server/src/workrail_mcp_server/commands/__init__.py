"""The subcommands of `workrail`, one file each, named as they are typed."""
