"""How a mailing is planned: to whom, when, how fast; and called off before it begins."""
