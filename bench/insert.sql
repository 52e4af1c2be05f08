-- One report, for pgbench: distinct clicks, in no order.
\set n random(1, 9000000000000000)
INSERT INTO conversions (click_id, goal_id, goal_type, status, provenance, route, affiliate_id, amount, currency)
VALUES (:n::text || '-pgbench', '5', 'registration', 'pending', 'reported', 'postback', '7', 0, 'USD') ON CONFLICT DO NOTHING;
