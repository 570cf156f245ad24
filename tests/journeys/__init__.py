"""The three journeys of the campaign, walked in a real browser and against real servers."""
