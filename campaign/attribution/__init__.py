"""Attribution: plain codes in our links, and how often somebody came by each and did something."""
