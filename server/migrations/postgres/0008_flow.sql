-- The name of the flow by which the visitor came in last, as the page says it.
ALTER TABLE visitor_said ADD COLUMN flow TEXT;
