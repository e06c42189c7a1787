DROP TRIGGER IF EXISTS audit_no_update;

CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;

DROP TRIGGER IF EXISTS audit_no_delete;

CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;

DROP TRIGGER IF EXISTS pump_record_no_update;

CREATE TRIGGER pump_record_no_update BEFORE UPDATE ON pump_record BEGIN SELECT RAISE(ABORT, 'what a pump told is append-only'); END;

DROP TRIGGER IF EXISTS pump_record_no_delete;

CREATE TRIGGER pump_record_no_delete BEFORE DELETE ON pump_record BEGIN SELECT RAISE(ABORT, 'what a pump told is append-only'); END;

DROP TRIGGER IF EXISTS pump_event_no_update;

CREATE TRIGGER pump_event_no_update BEFORE UPDATE ON pump_event BEGIN SELECT RAISE(ABORT, 'what a pump told is append-only'); END;

DROP TRIGGER IF EXISTS pump_event_no_delete;

CREATE TRIGGER pump_event_no_delete BEFORE DELETE ON pump_event BEGIN SELECT RAISE(ABORT, 'what a pump told is append-only'); END;

DROP TRIGGER IF EXISTS pump_hour_no_update;

CREATE TRIGGER pump_hour_no_update BEFORE UPDATE ON pump_hour BEGIN SELECT RAISE(ABORT, 'what a pump told is append-only'); END;

DROP TRIGGER IF EXISTS pump_hour_no_delete;

CREATE TRIGGER pump_hour_no_delete BEFORE DELETE ON pump_hour BEGIN SELECT RAISE(ABORT, 'what a pump told is append-only'); END;

DROP TRIGGER IF EXISTS pump_report_no_update;

CREATE TRIGGER pump_report_no_update BEFORE UPDATE ON pump_report BEGIN SELECT RAISE(ABORT, 'what a pump told is append-only'); END;

DROP TRIGGER IF EXISTS pump_report_no_delete;

CREATE TRIGGER pump_report_no_delete BEFORE DELETE ON pump_report BEGIN SELECT RAISE(ABORT, 'what a pump told is append-only'); END;

DROP TRIGGER IF EXISTS document_no_update;

CREATE TRIGGER document_no_update BEFORE UPDATE ON document BEGIN SELECT RAISE(ABORT, 'what was answered stays answered'); END;

DROP TRIGGER IF EXISTS document_no_delete;

CREATE TRIGGER document_no_delete BEFORE DELETE ON document BEGIN SELECT RAISE(ABORT, 'what was answered stays answered'); END;

DROP TRIGGER IF EXISTS alarm_step_no_update;

CREATE TRIGGER alarm_step_no_update BEFORE UPDATE ON alarm_step BEGIN SELECT RAISE(ABORT, 'what became of an alarm is append-only'); END;

DROP TRIGGER IF EXISTS alarm_step_no_delete;

CREATE TRIGGER alarm_step_no_delete BEFORE DELETE ON alarm_step BEGIN SELECT RAISE(ABORT, 'what became of an alarm is append-only'); END;

DROP TRIGGER IF EXISTS note_no_update;

CREATE TRIGGER note_no_update BEFORE UPDATE ON note BEGIN SELECT RAISE(ABORT, 'a note is amended by another note'); END;

DROP TRIGGER IF EXISTS note_no_delete;

CREATE TRIGGER note_no_delete BEFORE DELETE ON note BEGIN SELECT RAISE(ABORT, 'a note is amended by another note'); END;

DROP TRIGGER IF EXISTS attachment_no_update;

CREATE TRIGGER attachment_no_update BEFORE UPDATE ON attachment BEGIN SELECT RAISE(ABORT, 'an attachment is kept as it came'); END;

DROP TRIGGER IF EXISTS attachment_no_delete;

CREATE TRIGGER attachment_no_delete BEFORE DELETE ON attachment BEGIN SELECT RAISE(ABORT, 'an attachment is kept as it came'); END;

DROP TRIGGER IF EXISTS formulary_version_no_update;

CREATE TRIGGER formulary_version_no_update BEFORE UPDATE ON formulary_version BEGIN SELECT RAISE(ABORT, 'a published formulary is never changed'); END;

DROP TRIGGER IF EXISTS formulary_version_no_delete;

CREATE TRIGGER formulary_version_no_delete BEFORE DELETE ON formulary_version BEGIN SELECT RAISE(ABORT, 'a published formulary is never changed'); END;

DROP TRIGGER IF EXISTS formulary_review_no_update;

CREATE TRIGGER formulary_review_no_update BEFORE UPDATE ON formulary_review BEGIN SELECT RAISE(ABORT, 'a review is never changed'); END;

DROP TRIGGER IF EXISTS formulary_review_no_delete;

CREATE TRIGGER formulary_review_no_delete BEFORE DELETE ON formulary_review BEGIN SELECT RAISE(ABORT, 'a review is never changed'); END;

DROP TRIGGER IF EXISTS outreach_no_update;

CREATE TRIGGER outreach_no_update BEFORE UPDATE ON outreach BEGIN SELECT RAISE(ABORT, 'a call that was made was made'); END;

DROP TRIGGER IF EXISTS outreach_no_delete;

CREATE TRIGGER outreach_no_delete BEFORE DELETE ON outreach BEGIN SELECT RAISE(ABORT, 'a call that was made was made'); END;

DROP TRIGGER IF EXISTS proposal_two_people;

CREATE TRIGGER proposal_two_people BEFORE UPDATE ON proposal WHEN NEW.checked_by = NEW.made_by BEGIN SELECT RAISE(ABORT, 'nobody checks an order of his own'); END;
