"""The A/B test of a mailing: two subjects, each on a twentieth, and the better to the rest."""
