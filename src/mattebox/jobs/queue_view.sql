-- How many items wait and run in each queue: for autoscalers and dashboards. The server creates it; what it reads from
-- may change with the queue's library, these columns do not. A role of its own may read it:
--   GRANT USAGE ON SCHEMA mattebox TO autoscaler; GRANT SELECT ON mattebox.queue TO autoscaler;
CREATE SCHEMA IF NOT EXISTS mattebox;
CREATE OR REPLACE VIEW mattebox.queue AS
SELECT
    names.queue,
    count(*) FILTER (WHERE items.status = 'ENQUEUED') AS waiting,
    count(*) FILTER (WHERE items.status = 'PENDING') AS running,
    coalesce(extract(epoch FROM now()) - min(items.created_at) FILTER (WHERE items.status = 'ENQUEUED') / 1000.0, 0)
        AS oldest_seconds
FROM (VALUES ('jobs'), ('hooks')) AS names (queue)
LEFT JOIN dbos.workflow_status AS items ON items.queue_name = names.queue AND items.status IN ('ENQUEUED', 'PENDING')
GROUP BY names.queue;
