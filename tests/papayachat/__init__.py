"""Tests of papayachat."""
