"""Tests of the front desk: the home page, the menu, what machines look for, manners, errors."""
