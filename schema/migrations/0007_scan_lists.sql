CREATE INDEX `scans_of_target` ON `scans` (`tenant_id`,`target_id`,`created_at`);--> statement-breakpoint
CREATE INDEX `scans_by_verdict` ON `scans` (`tenant_id`,judgement ->> '$.verdict',`created_at`) WHERE finished_at is not null;--> statement-breakpoint
CREATE INDEX `scans_by_bad_end` ON `scans` (`tenant_id`,`state`,`created_at`) WHERE state in ('failed', 'cancelled');