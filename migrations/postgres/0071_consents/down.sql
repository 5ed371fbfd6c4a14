DROP TRIGGER consent_of_opt_in ON opt_ins;
DROP FUNCTION consent_of_opt_in();
DELETE FROM opt_ins;
INSERT INTO opt_ins (tenant_id, channel, address, class, given_at, how, recorded_by, recorded_by_id, recorded_at)
SELECT DISTINCT ON (tenant_id, channel, address) tenant_id, channel, address, 'conversation', occurred_at, coalesce(wording, source),
    recorded_by, recorded_by_id, recorded_at
FROM consents WHERE class = 'service' AND state = 'granted' AND superseded_at IS NULL
ORDER BY tenant_id, channel, address, occurred_at DESC;
DROP TABLE consents;
