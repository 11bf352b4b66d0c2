DROP INDEX `audit_of_issues`;--> statement-breakpoint
CREATE INDEX `audit_of_issues` ON `audit` (`tenant_id`,`subject`,`seq`) WHERE substr(subject, 1, 4) = 'iss_';