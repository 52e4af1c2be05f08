-- The columns and the indexes of a conversion as src/store/index.cc has them. Where a document has no such field its
-- index has no entry.
CREATE TABLE conversions (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    click_id text NOT NULL, goal_id text NOT NULL, occurrence text NOT NULL DEFAULT '',
    goal_type text NOT NULL, status text NOT NULL, provenance text NOT NULL, route text,
    affiliate_id text, offer_id text, transaction_id text, amount numeric, currency text,
    rev bigint NOT NULL DEFAULT 1, dead timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (click_id, goal_id, occurrence)
);
CREATE UNIQUE INDEX ON conversions (id);
CREATE INDEX ON conversions (created_at);
CREATE INDEX ON conversions (updated_at);
CREATE INDEX ON conversions (affiliate_id, created_at);
CREATE INDEX ON conversions (goal_id, created_at);
CREATE INDEX ON conversions (offer_id, created_at) WHERE offer_id IS NOT NULL;
CREATE INDEX ON conversions (goal_type, status, provenance, created_at);
CREATE INDEX ON conversions (transaction_id, created_at) WHERE transaction_id IS NOT NULL;
CREATE INDEX ON conversions (dead) WHERE dead IS NOT NULL;
