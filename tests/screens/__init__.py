"""The campaign as it looks: what is shown on a screen, made again by a command."""
