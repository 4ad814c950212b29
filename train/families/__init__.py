"""Pictures with edited copies of each: made, kept, and put into batches."""
