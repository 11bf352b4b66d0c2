CREATE TABLE `beacons` (
	`tenant_id` text NOT NULL,
	`id` text NOT NULL,
	`address` text NOT NULL,
	`port` integer NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `id`)
);
--> statement-breakpoint
CREATE TABLE `enrolments` (
	`hash` text PRIMARY KEY NOT NULL,
	`tenant_id` text NOT NULL,
	`site` text NOT NULL,
	`source_address` text NOT NULL,
	`country` text,
	`provider` text,
	`asn` integer,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`used_at` integer,
	`used_by` text
);
--> statement-breakpoint
CREATE TABLE `facts` (
	`tenant_id` text NOT NULL,
	`scan_id` text NOT NULL,
	`run_id` text NOT NULL,
	`epoch` integer NOT NULL,
	`seq` integer NOT NULL,
	`at` integer NOT NULL,
	`body` text NOT NULL,
	PRIMARY KEY(`tenant_id`, `scan_id`, `run_id`, `epoch`, `seq`)
);
--> statement-breakpoint
CREATE TABLE `issues` (
	`tenant_id` text NOT NULL,
	`id` text NOT NULL,
	`target_id` text NOT NULL,
	`finding` text NOT NULL,
	`state` text NOT NULL,
	`title` text NOT NULL,
	`opened_at` integer NOT NULL,
	`restated_at` integer NOT NULL,
	`last_scan_id` text NOT NULL,
	`closed_at` integer,
	`closed_by` text,
	`snoozed_until` integer,
	`snooze_reason` text,
	`snooze_note` text,
	`answered_at` integer,
	PRIMARY KEY(`tenant_id`, `id`)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `issues_open_once` ON `issues` (`tenant_id`,`target_id`,`finding`) WHERE closed_at is null;--> statement-breakpoint
CREATE TABLE `keys` (
	`hash` text PRIMARY KEY NOT NULL,
	`tenant_id` text NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`hint` text NOT NULL,
	`scope` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`revoked_at` integer,
	`last_used_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `keys_by_id` ON `keys` (`tenant_id`,`id`);--> statement-breakpoint
CREATE TABLE `occurrences` (
	`tenant_id` text NOT NULL,
	`issue_id` text NOT NULL,
	`id` text NOT NULL,
	`scan_id` text NOT NULL,
	`address` text NOT NULL,
	`port` integer NOT NULL,
	`seen_at` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `issue_id`, `id`)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `occurrences_once` ON `occurrences` (`tenant_id`,`scan_id`,`address`,`port`);--> statement-breakpoint
CREATE UNIQUE INDEX `occurrences_by_id` ON `occurrences` (`tenant_id`,`id`);--> statement-breakpoint
CREATE TABLE `opt_outs` (
	`tenant_id` text NOT NULL,
	`id` text NOT NULL,
	`cidr` text NOT NULL,
	`note` text,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `id`)
);
--> statement-breakpoint
CREATE TABLE `outbox` (
	`tenant_id` text NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`at` integer NOT NULL,
	`body` text NOT NULL,
	`sent_at` integer,
	PRIMARY KEY(`tenant_id`, `id`)
);
--> statement-breakpoint
CREATE INDEX `outbox_unsent` ON `outbox` (`at`) WHERE sent_at is null;--> statement-breakpoint
CREATE TABLE `probes` (
	`tenant_id` text NOT NULL,
	`id` text PRIMARY KEY NOT NULL,
	`site` text NOT NULL,
	`source_address` text NOT NULL,
	`country` text,
	`provider` text,
	`asn` integer,
	`public_key` text NOT NULL,
	`agent` text NOT NULL,
	`allow_private` integer NOT NULL,
	`enrolled_at` integer NOT NULL,
	`seen_at` integer NOT NULL,
	`health` text,
	`drained_at` integer,
	`revoked_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `probes_address` ON `probes` (`tenant_id`,`source_address`) WHERE revoked_at is null;--> statement-breakpoint
CREATE TABLE `ranges` (
	`tenant_id` text NOT NULL,
	`id` text NOT NULL,
	`cidr` text NOT NULL,
	`site` text NOT NULL,
	`country` text,
	`provider` text,
	`state` text NOT NULL,
	`is_public` integer NOT NULL,
	`announced_at` integer NOT NULL,
	`active_from` integer NOT NULL,
	`retire_after` integer,
	PRIMARY KEY(`tenant_id`, `id`)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `ranges_cidr` ON `ranges` (`tenant_id`,`cidr`);--> statement-breakpoint
CREATE TABLE `runs` (
	`probe_id` text NOT NULL,
	`id` text NOT NULL,
	`tenant_id` text NOT NULL,
	`scan_id` text NOT NULL,
	`role` text NOT NULL,
	`kind` text NOT NULL,
	`state` text NOT NULL,
	`epoch` integer NOT NULL,
	`due_at` integer NOT NULL,
	`lease_until` integer,
	`heard_at` integer,
	`deadline_at` integer NOT NULL,
	`needs_private` integer NOT NULL,
	`plan` text NOT NULL,
	`result_digest` text,
	`result_token` text,
	`closing` text,
	`ended_at` integer,
	PRIMARY KEY(`probe_id`, `id`)
);
--> statement-breakpoint
CREATE INDEX `runs_of_scan` ON `runs` (`tenant_id`,`scan_id`);--> statement-breakpoint
CREATE INDEX `runs_unended` ON `runs` (`probe_id`,`due_at`) WHERE ended_at is null;--> statement-breakpoint
CREATE TABLE `scans` (
	`tenant_id` text NOT NULL,
	`id` text NOT NULL,
	`target_id` text NOT NULL,
	`site` text NOT NULL,
	`due_key` text NOT NULL,
	`state` text NOT NULL,
	`profile` text NOT NULL,
	`addresses` text NOT NULL,
	`ports` text NOT NULL,
	`ports_asked` integer NOT NULL,
	`max_connects_per_second` integer NOT NULL,
	`accompany_seconds` integer,
	`scanner_probe_id` text NOT NULL,
	`panel` text NOT NULL,
	`retest_of` text,
	`created_at` integer NOT NULL,
	`started_at` integer,
	`finished_at` integer,
	`deadline_at` integer NOT NULL,
	`phase` text,
	`alarms` text NOT NULL,
	`failure_code` text,
	`failure_detail` text,
	`judgement` text,
	`judged_rev` integer DEFAULT 0 NOT NULL,
	`output_bytes` integer,
	`cancel_asked` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`tenant_id`, `id`)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `scans_due_once` ON `scans` (`tenant_id`,`target_id`,`site`,`due_key`) WHERE due_key <> '';--> statement-breakpoint
CREATE UNIQUE INDEX `scans_one_running` ON `scans` (`tenant_id`,`target_id`,`site`) WHERE finished_at is null;--> statement-breakpoint
CREATE INDEX `scans_by_time` ON `scans` (`tenant_id`,`created_at`);--> statement-breakpoint
CREATE TABLE `settings` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL,
	`changed_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `targets` (
	`tenant_id` text NOT NULL,
	`id` text NOT NULL,
	`address` text NOT NULL,
	`name` text,
	`ports` text NOT NULL,
	`schedule` text,
	`timezone` text NOT NULL,
	`sites` text NOT NULL,
	`profile` text NOT NULL,
	`max_connects_per_second` integer NOT NULL,
	`anchors` text NOT NULL,
	`tags` text NOT NULL,
	`next_due_at` integer,
	`created_at` integer NOT NULL,
	`deleted_at` integer,
	`scanners` text NOT NULL,
	`last_known` text NOT NULL,
	`waf` text,
	`highest_clean_rate` integer,
	`last_scan_id` text,
	PRIMARY KEY(`tenant_id`, `id`)
);
--> statement-breakpoint
CREATE INDEX `targets_due` ON `targets` (`next_due_at`) WHERE next_due_at is not null;--> statement-breakpoint
CREATE TABLE `tenants` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`created_at` integer NOT NULL
);
