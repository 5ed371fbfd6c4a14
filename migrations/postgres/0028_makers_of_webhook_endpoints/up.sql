-- Who made it, so that it is known whose hand it was set up by when they leave. Null: an operator, or made before.
ALTER TABLE webhook_endpoints ADD COLUMN created_by uuid;
