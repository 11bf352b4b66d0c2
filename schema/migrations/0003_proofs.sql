CREATE TABLE `proof_secrets` (
	`tenant_id` text NOT NULL,
	`id` text NOT NULL,
	`secret` text NOT NULL,
	`created_at` integer NOT NULL,
	`used_from` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `id`)
-- hand edit
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `issues` ADD `last_proof_id` text;--> statement-breakpoint
ALTER TABLE `probes` ADD `directory` text;--> statement-breakpoint
ALTER TABLE `scans` ADD `proof` text;--> statement-breakpoint
ALTER TABLE `scans` ADD `proof_result` text;--> statement-breakpoint
CREATE INDEX `scans_proofs` ON `scans` (`tenant_id`,`target_id`,`created_at`) WHERE proof is not null;--> statement-breakpoint
ALTER TABLE `targets` ADD `proved_at` integer;--> statement-breakpoint
ALTER TABLE `targets` ADD `outdated_by` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE `targets` ADD `proof_header` text DEFAULT 'tenant' NOT NULL;