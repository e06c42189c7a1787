//! Every route by every role: what is not allowed is refused and leaves nothing behind.

mod common;

use clinic::auth::{Permission, Role};
use clinic::web::routes::ROUTES;
use common::house::House;
use common::on_both;

const WHO: &[(&str, Role)] = &[
    ("physician", Role::Physician),
    ("nurse", Role::Nurse),
    ("pharmacist", Role::Pharmacist),
    ("technician", Role::Technician),
    ("administrator", Role::Administrator),
    ("reader", Role::ReadOnly),
];

fn filled(path: &str, patient: &str) -> String {
    path.split('/')
        .map(|part| match part {
            "{patient}" => patient.to_owned(),
            part if part.starts_with('{') => "none".to_owned(),
            part => part.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("/")
}

#[test]
fn every_route_answers_each_role_as_the_table_says() {
    on_both(async |store| {
        let house = House::of(store).await;
        for route in ROUTES.iter().filter(|route| !matches!(route.path, "/live" | "/sign-out" | "/me/sessions/end")) {
            let path = filled(route.path, &house.patient);
            let nobody = house.anybody();
            let answer = if route.is_get() { nobody.get(&path).await } else { nobody.post(&path, &[]).await };
            match route.needs {
                Permission::Open | Permission::Device => assert!(
                    !answer.headers.get("location").is_some_and(|to| to.to_str().unwrap().contains("then=")),
                    "{path}"
                ),
                _ if route.path.starts_with("/api/") => assert_eq!(answer.status.as_u16(), 401, "{path}"),
                _ => assert!(answer.leads().starts_with("/sign-in?then="), "{path}: nobody gets in"),
            }
            for (name, role) in WHO {
                let who = house.signed_in(name).await;
                let before = house.count("SELECT COUNT(*) FROM audit").await;
                let answer = if route.is_get() { who.get(&path).await } else { who.post(&path, &[]).await };
                // A patient's routes ask for the team besides, and the reader is of no team.
                let is_theirs =
                    !route.path.contains("{patient}") || *name != "reader" || route.path.ends_with("break-glass");
                let may = role.may(route.needs) && is_theirs;
                if may || route.needs == Permission::Device {
                    let refused = answer.status.as_u16() == 403 && answer.body.contains("Your role");
                    assert!(!refused, "{name} may {path}: {}", answer.words());
                    assert_ne!(answer.status.as_u16(), 500, "{name} {path}: {}", answer.words());
                } else {
                    assert_eq!(answer.status.as_u16(), 403, "{name} {path}: {}", answer.words());
                    assert_eq!(
                        house.count("SELECT COUNT(*) FROM audit").await,
                        before,
                        "{name} {path} left something behind"
                    );
                }
                let headers = &answer.headers;
                // A style or a script is no page.
                let is_page = !route.path.starts_with("/assets/");
                assert!(
                    !is_page || headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'"),
                    "{path}"
                );
                assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
            }
        }
    });
}

#[test]
fn a_form_from_elsewhere_is_refused_and_changes_nothing() {
    on_both(async |store| {
        let house = House::of(store).await;
        let nurse = house.signed_in("nurse").await;
        let path = format!("/patients/{}/notes", house.patient);
        nurse.post_raw(&path, &[("text", "no token")], &[]).await.is(403).says("did not come from a page");
        nurse.post_raw(&path, &[("text", "wrong token"), ("form_token", "x")], &[]).await.is(403);
        let elsewhere = [("origin", "https://elsewhere.example")];
        nurse.post_raw(&path, &[("text", "elsewhere")], &elsewhere).await.is(403);
        nurse.post_raw(&path, &[("text", "elsewhere")], &[("sec-fetch-site", "cross-site")]).await.is(403);
        assert_eq!(house.count("SELECT COUNT(*) FROM note").await, 0);
        nurse.post(&path, &[("text", "ours")]).await.is(303);
        assert_eq!(house.count("SELECT COUNT(*) FROM note").await, 1);
    });
}

#[test]
fn a_record_of_another_team_opens_only_by_breaking_the_glass_and_the_team_hears_of_it() {
    on_both(async |store| {
        let house = House::of(store).await;
        let reader = house.signed_in("reader").await;
        let record = format!("/patients/{}", house.patient);
        reader.get(&record).await.is(403).says("Break the glass").says_not("1961-03-14");
        reader.post(&format!("{record}/break-glass"), &[("reason", "because")]).await.is(422);
        reader.get(&record).await.is(403);
        let reason = "found unconscious in the ward, needs the dose";
        assert_eq!(reader.post(&format!("{record}/break-glass"), &[("reason", reason)]).await.leads(), record);
        reader.get(&record).await.is(200).says("1961-03-14");
        house.signed_in("nurse").await.get("/today").await.is(200).says(reason);
        let administrator = house.signed_in("administrator").await;
        administrator.get("/audit").await.is(200).says(reason).says("Reviewed");
        administrator.get(&record).await.is(403);
    });
}

#[test]
fn a_session_ends_with_its_account() {
    on_both(async |store| {
        let house = House::of(store).await;
        let nurse = house.signed_in("nurse").await;
        nurse.get("/today").await.is(200);
        let administrator = house.signed_in("administrator").await;
        administrator.post(&format!("/staff/{}/end", administrator.id), &[]).await.is(403);
        administrator.post(&format!("/staff/{}/end", nurse.id), &[]).await.is(303);
        assert!(nurse.get("/today").await.leads().starts_with("/sign-in"));
    });
}
