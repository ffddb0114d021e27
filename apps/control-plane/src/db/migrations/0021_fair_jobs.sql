DROP INDEX "jobs_ready";--> statement-breakpoint
CREATE INDEX "jobs_ready" ON "jobs" USING btree ("org_id","next_attempt_at") WHERE state = 'ready';