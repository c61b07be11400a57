"""What the application is told: events of the feed as documents."""
