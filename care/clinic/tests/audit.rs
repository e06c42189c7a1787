//! The audit's chain, on both engines: what was done stands there, and what was tampered with shows.

mod common;

use clinic::audit::{self, Act};
use clinic::clock::Clock;
use clinic::values;
use common::on_both;

fn act(detail: &str) -> Act<'_> {
    Act { staff_id: "nurse", what: "alarm acknowledged", subject: "alarm-1", detail: detail.into() }
}

#[test]
fn acts_done_at_once_form_one_chain() {
    on_both(async |store| {
        let mut all = Vec::new();
        for n in 0..20 {
            let db = store.db.clone();
            all.push(tokio::spawn(async move { audit::note(&db, &Clock::wall(), act(&format!("{n}"))).await }));
        }
        for one in all {
            one.await.unwrap().unwrap();
        }
        let verdict = audit::verify(&store.db).await.unwrap();
        assert_eq!((verdict.lines, verdict.wrong), (20, None));
    });
}

#[test]
fn a_row_cannot_be_changed_through_the_database() {
    on_both(async |store| {
        audit::note(&store.db, &Clock::wall(), act("first")).await.unwrap();
        for sql in ["UPDATE audit SET detail = 'other'", "DELETE FROM audit"] {
            let mut tx = store.db.begin().await.unwrap();
            let why = tx.run(sql, values![]).await.unwrap_err().to_string();
            assert!(why.contains("append-only"), "{why}");
        }
        assert_eq!(audit::verify(&store.db).await.unwrap().wrong, None);
    });
}

#[test]
fn a_flipped_byte_a_missing_line_and_a_cut_end_are_found() {
    on_both(async |store| {
        for n in 0..5 {
            audit::note(&store.db, &Clock::wall(), act(&format!("{n}"))).await.unwrap();
        }
        // Whoever owns the database file can lay the guards aside; the chain still tells.
        match store.postgres {
            Some(_) => store.db.script("ALTER TABLE audit DISABLE TRIGGER ALL").await.unwrap(),
            None => store.db.script("DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete").await.unwrap(),
        }
        let tampered = [
            ("UPDATE audit SET detail = '2, nearly' WHERE sequence = 3", "line 3 was changed", 2),
            ("UPDATE audit SET detail = '2' WHERE sequence = 3", "", 5),
            ("DELETE FROM audit WHERE sequence = 5", "the chain ends at line 4, its head names line 5", 4),
            ("DELETE FROM audit WHERE sequence = 2", "line 2 is missing", 1),
        ];
        for (sql, wrong, lines) in tampered {
            let mut tx = store.db.begin().await.unwrap();
            tx.run(sql, values![]).await.unwrap();
            tx.commit_by_machine().await.unwrap();
            let verdict = audit::verify(&store.db).await.unwrap();
            assert_eq!((verdict.wrong.unwrap_or_default().as_str(), verdict.lines), (wrong, lines), "{sql}");
        }
    });
}

#[test]
fn an_act_that_was_not_committed_left_nothing() {
    on_both(async |store| {
        let mut tx = store.db.begin().await.unwrap();
        audit::write(&mut tx, &Clock::wall(), act("never")).await.unwrap();
        drop(tx);
        audit::note(&store.db, &Clock::wall(), act("after")).await.unwrap();
        let lines = audit::newest(&store.db, Some("alarm-1"), i64::MAX, 10).await.unwrap();
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].detail, "after");
        assert_eq!(audit::verify(&store.db).await.unwrap().wrong, None);
    });
}
