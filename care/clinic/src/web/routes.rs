//! Every route, with what it asks for and what it does, in one table. What is not here does not exist.
//!
//! A route with `{patient}` in its path asks for the care team or a broken glass besides; the door sees to it.

use std::pin::Pin;

use axum::http::Method;

use super::{Answer, Asked, sign_in};
use crate::auth::Permission::{self, *};
use crate::{alarms, board, devices, ops, proposals, record, refills, registry, staff, told};

/// What a handler is.
pub type Handler = fn(Asked) -> Pin<Box<dyn Future<Output = Answer> + Send>>;

/// One route.
pub struct Route {
    /// GET reads, POST changes.
    pub method: Method,
    /// Its pattern.
    pub path: &'static str,
    /// What whoever asks must be allowed.
    pub needs: Permission,
    /// What it does.
    pub words: &'static str,
    /// Who does it.
    pub handler: Handler,
}

macro_rules! routes {
    ($($method:ident $path:literal $needs:ident $handler:path, $words:literal;)*) => {
        /// The table.
        pub static ROUTES: &[Route] = &[$(
            Route { method: Method::$method, path: $path, needs: $needs, words: $words, handler: |asked| Box::pin($handler(asked)) },
        )*];
    };
}

routes! {
    // The way in, and what machines ask.
    GET  "/sign-in"                                Open          sign_in::see,                 "the page to sign in at";
    POST "/sign-in"                                Open          sign_in::sign_in,             "sign in with a password";
    POST "/passkey/challenge"                      Open          sign_in::passkey_challenge,   "begin to sign in with a passkey";
    POST "/passkey/sign-in"                        Open          sign_in::passkey_sign_in,     "sign in with a passkey";
    GET  "/oidc/begin"                             Open          sign_in::oidc_begin,          "sign in at the provider";
    GET  "/oidc/return"                            Open          sign_in::oidc_return,         "come back from the provider";
    GET  "/assets/{name}"                          Open          ops::asset,                   "styles, scripts, type";
    GET  "/health"                                 Open          ops::health,                  "whether the process lives";
    GET  "/ready"                                  Open          ops::ready,                   "whether it can work";
    GET  "/metrics"                                Open          ops::metrics,                 "what is counted, for Prometheus";
    GET  "/api/v1/openapi.json"                    Open          ops::openapi,                 "this description";
    // One's own.
    GET  "/"                                       SignedIn      sign_in::start,               "to where one's work is";
    GET  "/me"                                     SignedIn      sign_in::me,                  "one's own account";
    POST "/me/password"                            SignedIn      sign_in::change_password,     "change one's password";
    POST "/me/passkey/challenge"                   SignedIn      sign_in::enrol_challenge,     "begin to enrol a passkey";
    POST "/me/passkey"                             SignedIn      sign_in::enrol,               "enrol a passkey";
    POST "/me/sessions/end"                        SignedIn      sign_in::end_sessions,        "end one's sessions";
    POST "/sign-out"                               SignedIn      sign_in::sign_out,            "sign out";
    POST "/pace"                                   SignedIn      sign_in::pace,                "choose the pace of a simulated world";
    GET  "/live"                                   SignedIn      sign_in::live,                "hear what has changed";
    // Boards.
    GET  "/today"                                  SeeBoards     board::today,                 "the board";
    GET  "/patients"                               SeeBoards     board::patients,              "find patients";
    POST "/tasks/{task}/done"                      WriteRecord   board::task_done,             "a task is done";
    GET  "/alarms"                                 SeeBoards     alarms::sight::list,          "the alarms";
    GET  "/alarms/{alarm}"                         SeeBoards     alarms::sight::one,           "one alarm and what became of it";
    POST "/alarms/{alarm}/acknowledge"             AnswerAlarms  alarms::sight::acknowledge,   "answer an alarm";
    POST "/alarms/{alarm}/hand-on"                 AnswerAlarms  alarms::sight::hand_on,       "hand an alarm on";
    GET  "/refills"                                SeeBoards     refills::list,                "the refills";
    POST "/refills/closed"                         Book          refills::close_day,           "close a day";
    // Records.
    GET  "/patients/new"                           AdmitPatients record::entries::new,         "the form of a new patient";
    POST "/patients"                               AdmitPatients record::entries::admit,       "enter a patient";
    GET  "/patients/{patient}"                     SeeRecord     record::page::see,            "a patient's record";
    GET  "/patients/{patient}/seen"                SeeRecord     record::page::seen,           "who saw a record";
    POST "/patients/{patient}/break-glass"         SeeRecord     sign_in::break_glass,         "break the glass";
    POST "/patients/{patient}/team"                AdmitPatients record::entries::join_team,   "add to the care team";
    POST "/patients/{patient}/notes"               WriteRecord   record::entries::note,        "write a note";
    POST "/patients/{patient}/outcomes"            WriteRecord   record::entries::outcomes,    "enter outcomes";
    POST "/patients/{patient}/events"              WriteRecord   record::entries::event,       "enter an event";
    POST "/patients/{patient}/medicines"           WriteRecord   record::entries::medicine,    "enter a medicine";
    POST "/patients/{patient}/attachments"         WriteRecord   record::entries::attach,      "attach a file";
    GET  "/patients/{patient}/attachments/{attachment}" SeeRecord record::entries::attachment, "fetch a file";
    POST "/patients/{patient}/appointments"        Book          refills::book,                "book a visit";
    POST "/patients/{patient}/outreach"            Book          refills::outreach,            "write down a call";
    POST "/patients/{patient}/check-out"           CheckOut      devices::check_out,           "check a patient out to a programmer";
    // Orders.
    GET  "/orders"                                 SeeBoards     proposals::list,              "orders under way";
    GET  "/patients/{patient}/orders/new"          Propose       proposals::new,               "the form of an order";
    POST "/patients/{patient}/orders"              Propose       proposals::propose,           "propose an order";
    GET  "/patients/{patient}/orders/{order}"      SeeRecord     proposals::one,               "an order, old beside new";
    POST "/patients/{patient}/orders/{order}/check" SecondCheck  proposals::check,             "check another's order";
    POST "/patients/{patient}/orders/{order}/return" SecondCheck proposals::send_back,         "send an order back";
    POST "/patients/{patient}/orders/{order}/fetch" CheckOut     proposals::fetch,             "fetch an order for the programmer";
    // Devices, registry, staff, audit.
    GET  "/devices"                                SeeDevices    devices::list,                "the devices";
    POST "/devices"                                ManageDevices devices::add,                 "enter a device";
    GET  "/devices/{device}"                       SeeDevices    devices::one,                 "one device and its history";
    POST "/devices/{device}/end"                   ManageDevices devices::end,                 "end a device's use";
    GET  "/registry"                               SeeBoards     registry::see,                "events and outcomes of everybody";
    GET  "/registry.csv"                           SeeBoards     registry::csv,                "the events as a table";
    GET  "/staff"                                  ManageStaff   staff::list,                  "the accounts";
    POST "/staff"                                  ManageStaff   staff::add,                   "make an account";
    POST "/staff/{staff}/end"                      ManageStaff   staff::end,                   "end an account";
    GET  "/audit"                                  SeeAudit      staff::audit_page,            "the audit";
    POST "/glass/{glass}/reviewed"                 SeeAudit      staff::glass_reviewed,        "review broken glass";
    // Machines. No route changes what a pump gives.
    //= requirements/clinic.md#no-key-that-programs
    //# The clinic MUST offer no way over a network to change what a pump gives.
    POST "/api/v1/documents"                       Device        told::arrives,                "take a document of a device";
    GET  "/api/v1/patients"                        SeeBoards     ops::api_patients,            "patients with their pumps";
    GET  "/api/v1/patients/{patient}"              SeeRecord     ops::api_patient,             "one patient's pump and what it delivered";
    GET  "/api/v1/alarms"                          SeeBoards     ops::api_alarms,              "open alarms";
}
