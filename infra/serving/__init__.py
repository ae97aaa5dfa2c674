"""What serves and what reacts: endpoints, schedules, monitors, events."""
