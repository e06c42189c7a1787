//! A clinic with staff and patients, and people who use it through the real router.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode, header};
use clinic::auth::{Role, session};
use clinic::clock::Clock;
use clinic::config::Config;
use clinic::devices::{self, Entry};
use clinic::record::entries::{self, NewPatient};
use clinic::staff::{self, NewAccount};
use clinic::{App, Clinic, values, web};
use tower::ServiceExt;

use super::Store;

/// The clinic's time when a story begins: Wednesday 2 June 2027, 08:00 UTC.
pub const MORNING: i64 = 1_811_923_200_000;
pub const MINUTE: i64 = 60_000;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// A clinic in its house.
pub struct House {
    pub app: App,
    pub router: Router,
    pub store: Store,
    /// Staff ids by sign-in name.
    pub staff: BTreeMap<&'static str, String>,
    /// A patient with the pump 1000, in the team of everybody but the reader.
    pub patient: String,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: axum::http::HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.words());
        self
    }

    pub fn says(self, words: &str) -> Self {
        assert!(self.body.contains(words), "{words:?} is not in: {}", self.words());
        self
    }

    pub fn says_not(self, words: &str) -> Self {
        assert!(!self.body.contains(words), "{words:?} is in: {}", self.words());
        self
    }

    /// Where a form leads to.
    pub fn leads(self) -> String {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.words());
        self.headers[header::LOCATION].to_str().unwrap().to_owned()
    }

    /// The text of the page's own part, without markup.
    pub fn words(&self) -> String {
        let main = self.body.split("<main").nth(1).unwrap_or(&self.body);
        let mut text = String::new();
        let mut inside = false;
        for c in main.chars() {
            match c {
                '<' => inside = true,
                '>' => inside = false,
                c if !inside => text.push(c),
                _ => {}
            }
        }
        text.chars().take(1_500).collect()
    }
}

/// Somebody at a browser.
pub struct Browser<'h> {
    house: &'h House,
    cookie: Option<String>,
    token: String,
    pub id: String,
}

const STAFF: &[(&str, &str, Role, Option<i64>)] = &[
    ("physician", "Petra Pine", Role::Physician, Some(2)),
    ("colleague", "Otto Oak", Role::Physician, None),
    ("nurse", "Nora Nutmeg", Role::Nurse, Some(1)),
    ("pharmacist", "Paula Palm", Role::Pharmacist, None),
    ("technician", "Theo Thuja", Role::Technician, None),
    ("administrator", "Ada Ash", Role::Administrator, None),
    ("reader", "Rosa Rowan", Role::ReadOnly, None),
];

/// The monitor's signing key.
pub const MONITOR: [u8; 32] = [9; 32];
/// The pump's journal key.
pub const JOURNAL: [u8; 16] = [5; 16];

impl House {
    pub async fn of(store: Store) -> Self {
        Self::with(store, |_| {}).await
    }

    pub async fn with(store: Store, set: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config { data: store.folder.clone(), ..Config::default() };
        set(&mut config);
        let app = Clinic::new(store.db.clone(), Clock::world(MORNING), config, Vec::new()).unwrap();
        let mut tx = store.db.begin().await.unwrap();
        let mut ids = BTreeMap::new();
        for (sign_in, name, role, on_call) in STAFF {
            let email = format!("{sign_in}@clinic.example");
            let account = NewAccount {
                sign_in,
                name,
                role: *role,
                email: &email,
                password: None,
                single_sign_on: None,
                on_call: *on_call,
            };
            ids.insert(*sign_in, staff::make(&mut tx, MORNING, &account).await.unwrap());
        }
        let new = NewPatient {
            record_number: "R-1".into(),
            name: "Anna Alder".into(),
            born: "1961-03-14".into(),
            sex: "female".into(),
            phone: "1".into(),
            stage: "followed".into(),
            indication: "failed back surgery".into(),
            goal: "walk".into(),
            allergies: "none".into(),
            tip_level: "T10".into(),
            pump_site: "abdomen-right".into(),
            baseline_pain_tenths: Some(76),
            ..NewPatient::default()
        };
        let patient = entries::enter(&mut tx, MORNING, &new, &ids["nurse"]).await.unwrap();
        for member in ["physician", "colleague", "pharmacist"] {
            tx.run(
                "INSERT INTO care_team (patient_id, staff_id, since_ms) VALUES ($1, $2, 0)",
                values![&patient, &ids[member]],
            )
            .await
            .unwrap();
        }
        let public = ed25519_dalek::SigningKey::from_bytes(&MONITOR).verifying_key().to_bytes().to_vec();
        let pump = Entry {
            kind: "pump",
            model: "R20",
            serial: "1000",
            lot: "L",
            udi: "U",
            journal_key: Some(JOURNAL.to_vec()),
            patient: Some(&patient),
            ..Entry::default()
        };
        devices::enter(&mut tx, MORNING, &pump).await.unwrap();
        let monitor = Entry {
            kind: "monitor",
            model: "M",
            serial: "m-1",
            lot: "L",
            udi: "U",
            public_key: Some(public),
            patient: Some(&patient),
            ..Entry::default()
        };
        devices::enter(&mut tx, MORNING, &monitor).await.unwrap();
        let programmer =
            Entry { kind: "programmer", model: "P", serial: "P-1", lot: "L", udi: "U", ..Entry::default() };
        devices::enter(&mut tx, MORNING, &programmer).await.unwrap();
        tx.commit_by_machine().await.unwrap();
        Self { router: web::router(app.clone()), app, store, staff: ids, patient }
    }

    /// Nobody in particular.
    pub fn anybody(&self) -> Browser<'_> {
        Browser { house: self, cookie: None, token: String::new(), id: String::new() }
    }

    /// A member of staff who is signed in.
    pub async fn signed_in(&self, who: &str) -> Browser<'_> {
        let id = self.staff[who].clone();
        let mut tx = self.app.db.begin().await.unwrap();
        let cookie = session::begin(&mut tx, &id, "a test").await.unwrap();
        tx.commit_by_machine().await.unwrap();
        let token = session::person(&self.app.db, &cookie).await.unwrap().unwrap().form_token;
        Browser { house: self, cookie: Some(cookie), token, id }
    }

    /// Lets the clinic's time go on, with its own work done every so often on the way.
    pub async fn passes(&self, length: i64, every: i64) {
        let until = self.app.clock.now_ms() + length;
        let mut turn = 0;
        while self.app.clock.now_ms() < until {
            turn += 1;
            self.app.clock.move_to((self.app.clock.now_ms() + every).min(until));
            clinic::work::once(&self.app, turn).await;
        }
    }

    /// The one number of a question.
    pub async fn count(&self, sql: &str) -> i64 {
        self.app.db.number(sql.to_owned(), values![]).await.unwrap()
    }

    /// The kinds of steps of the newest alarm.
    pub async fn steps(&self, alarm: &str) -> Vec<String> {
        let rows = self
            .app
            .db
            .all("SELECT kind, words FROM alarm_step WHERE alarm_id = $1 ORDER BY place", values![alarm])
            .await
            .unwrap();
        rows.iter().map(|row| format!("{} {}", row.text(0).unwrap(), row.text(1).unwrap())).collect()
    }
}

impl Browser<'_> {
    async fn send(&self, request: axum::http::request::Builder, body: impl Into<Body>) -> Answer {
        let mut request = request;
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, format!("nepenthe={cookie}"));
        }
        let mut request = request.body(body.into()).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 50_000)));
        let answer = self.house.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = axum::body::to_bytes(answer.into_body(), 64 << 20).await.unwrap();
        Answer { status, headers, body: String::from_utf8_lossy(&body).into_owned() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path), Body::empty()).await
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let mut all = vec![("form_token", self.token.as_str())];
        all.extend(form);
        self.post_raw(path, &all, &[]).await
    }

    pub async fn post_raw(&self, path: &str, form: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let pair = |(name, value): &(&str, &str)| format!("{}={}", web::door::encoded(name), web::door::encoded(value));
        let body: Vec<String> = form.iter().map(pair).collect();
        let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request, body.join("&")).await
    }

    pub async fn post_json(&self, path: &str, body: impl Into<Body>) -> Answer {
        let request =
            Request::post(path).header(header::CONTENT_TYPE, "application/json").header("x-form-token", &self.token);
        self.send(request, body).await
    }
}
