"""What Milepost does about a failure by itself: retry, repair, reorder, wait for what is gone, or ask."""
