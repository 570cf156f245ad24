"""`python -m campaign`: the same command as `campaign`."""

from campaign.cli import main

main()
