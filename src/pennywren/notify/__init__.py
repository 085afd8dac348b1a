"""Telling people: alerts, deliveries, and a folder for each channel."""
