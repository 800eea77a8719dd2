"""Window nodes as the report has them: their numbers, their cost, and the ladder that they make up."""
