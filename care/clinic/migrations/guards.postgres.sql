CREATE OR REPLACE FUNCTION never_again() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0]; END $$;

DROP TRIGGER IF EXISTS audit_only_grows ON audit;

CREATE TRIGGER audit_only_grows BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION never_again('the audit is append-only');

DROP TRIGGER IF EXISTS audit_only_grows_whole ON audit;

CREATE TRIGGER audit_only_grows_whole BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION never_again('the audit is append-only');

DROP TRIGGER IF EXISTS pump_record_only_grows ON pump_record;

CREATE TRIGGER pump_record_only_grows BEFORE UPDATE OR DELETE ON pump_record FOR EACH ROW EXECUTE FUNCTION never_again('what a pump told is append-only');

DROP TRIGGER IF EXISTS pump_record_only_grows_whole ON pump_record;

CREATE TRIGGER pump_record_only_grows_whole BEFORE TRUNCATE ON pump_record FOR EACH STATEMENT EXECUTE FUNCTION never_again('what a pump told is append-only');

DROP TRIGGER IF EXISTS pump_event_only_grows ON pump_event;

CREATE TRIGGER pump_event_only_grows BEFORE UPDATE OR DELETE ON pump_event FOR EACH ROW EXECUTE FUNCTION never_again('what a pump told is append-only');

DROP TRIGGER IF EXISTS pump_event_only_grows_whole ON pump_event;

CREATE TRIGGER pump_event_only_grows_whole BEFORE TRUNCATE ON pump_event FOR EACH STATEMENT EXECUTE FUNCTION never_again('what a pump told is append-only');

DROP TRIGGER IF EXISTS pump_hour_only_grows ON pump_hour;

CREATE TRIGGER pump_hour_only_grows BEFORE UPDATE OR DELETE ON pump_hour FOR EACH ROW EXECUTE FUNCTION never_again('what a pump told is append-only');

DROP TRIGGER IF EXISTS pump_hour_only_grows_whole ON pump_hour;

CREATE TRIGGER pump_hour_only_grows_whole BEFORE TRUNCATE ON pump_hour FOR EACH STATEMENT EXECUTE FUNCTION never_again('what a pump told is append-only');

DROP TRIGGER IF EXISTS pump_report_only_grows ON pump_report;

CREATE TRIGGER pump_report_only_grows BEFORE UPDATE OR DELETE ON pump_report FOR EACH ROW EXECUTE FUNCTION never_again('what a pump told is append-only');

DROP TRIGGER IF EXISTS pump_report_only_grows_whole ON pump_report;

CREATE TRIGGER pump_report_only_grows_whole BEFORE TRUNCATE ON pump_report FOR EACH STATEMENT EXECUTE FUNCTION never_again('what a pump told is append-only');

DROP TRIGGER IF EXISTS document_only_grows ON document;

CREATE TRIGGER document_only_grows BEFORE UPDATE OR DELETE ON document FOR EACH ROW EXECUTE FUNCTION never_again('what was answered stays answered');

DROP TRIGGER IF EXISTS document_only_grows_whole ON document;

CREATE TRIGGER document_only_grows_whole BEFORE TRUNCATE ON document FOR EACH STATEMENT EXECUTE FUNCTION never_again('what was answered stays answered');

DROP TRIGGER IF EXISTS alarm_step_only_grows ON alarm_step;

CREATE TRIGGER alarm_step_only_grows BEFORE UPDATE OR DELETE ON alarm_step FOR EACH ROW EXECUTE FUNCTION never_again('what became of an alarm is append-only');

DROP TRIGGER IF EXISTS alarm_step_only_grows_whole ON alarm_step;

CREATE TRIGGER alarm_step_only_grows_whole BEFORE TRUNCATE ON alarm_step FOR EACH STATEMENT EXECUTE FUNCTION never_again('what became of an alarm is append-only');

DROP TRIGGER IF EXISTS note_only_grows ON note;

CREATE TRIGGER note_only_grows BEFORE UPDATE OR DELETE ON note FOR EACH ROW EXECUTE FUNCTION never_again('a note is amended by another note');

DROP TRIGGER IF EXISTS note_only_grows_whole ON note;

CREATE TRIGGER note_only_grows_whole BEFORE TRUNCATE ON note FOR EACH STATEMENT EXECUTE FUNCTION never_again('a note is amended by another note');

DROP TRIGGER IF EXISTS attachment_only_grows ON attachment;

CREATE TRIGGER attachment_only_grows BEFORE UPDATE OR DELETE ON attachment FOR EACH ROW EXECUTE FUNCTION never_again('an attachment is kept as it came');

DROP TRIGGER IF EXISTS attachment_only_grows_whole ON attachment;

CREATE TRIGGER attachment_only_grows_whole BEFORE TRUNCATE ON attachment FOR EACH STATEMENT EXECUTE FUNCTION never_again('an attachment is kept as it came');

DROP TRIGGER IF EXISTS formulary_version_only_grows ON formulary_version;

CREATE TRIGGER formulary_version_only_grows BEFORE UPDATE OR DELETE ON formulary_version FOR EACH ROW EXECUTE FUNCTION never_again('a published formulary is never changed');

DROP TRIGGER IF EXISTS formulary_version_only_grows_whole ON formulary_version;

CREATE TRIGGER formulary_version_only_grows_whole BEFORE TRUNCATE ON formulary_version FOR EACH STATEMENT EXECUTE FUNCTION never_again('a published formulary is never changed');

DROP TRIGGER IF EXISTS formulary_review_only_grows ON formulary_review;

CREATE TRIGGER formulary_review_only_grows BEFORE UPDATE OR DELETE ON formulary_review FOR EACH ROW EXECUTE FUNCTION never_again('a review is never changed');

DROP TRIGGER IF EXISTS formulary_review_only_grows_whole ON formulary_review;

CREATE TRIGGER formulary_review_only_grows_whole BEFORE TRUNCATE ON formulary_review FOR EACH STATEMENT EXECUTE FUNCTION never_again('a review is never changed');

DROP TRIGGER IF EXISTS outreach_only_grows ON outreach;

CREATE TRIGGER outreach_only_grows BEFORE UPDATE OR DELETE ON outreach FOR EACH ROW EXECUTE FUNCTION never_again('a call that was made was made');

DROP TRIGGER IF EXISTS outreach_only_grows_whole ON outreach;

CREATE TRIGGER outreach_only_grows_whole BEFORE TRUNCATE ON outreach FOR EACH STATEMENT EXECUTE FUNCTION never_again('a call that was made was made');

CREATE OR REPLACE FUNCTION two_people() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.checked_by = NEW.made_by THEN RAISE EXCEPTION 'nobody checks an order of his own'; END IF; RETURN NEW; END $$;

DROP TRIGGER IF EXISTS proposal_two_people ON proposal;

CREATE TRIGGER proposal_two_people BEFORE UPDATE ON proposal FOR EACH ROW EXECUTE FUNCTION two_people();
