//! What SQLite is told once for the process, before the first connection, and has no `PRAGMA` for.

use std::ffi::{c_char, c_int};
use std::sync::Once;

use libsqlite3_sys as ffi;

/// Call it before any connection of the process is opened; who opens a [`super::Db`] has done so.
pub fn set_up() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: no connection of this process is open yet, as the library demands; the option takes one `int`.
        // Its count of memory, which nobody asks for, has every thread wait for one lock.
        let counts = unsafe { ffi::sqlite3_config(ffi::SQLITE_CONFIG_MEMSTATUS, 0 as c_int) };
        // SAFETY: the function lives as long as the process and is what the library expects.
        let plans = unsafe { ffi::sqlite3_auto_extension(Some(plan_once)) };
        if (counts, plans) != (ffi::SQLITE_OK, ffi::SQLITE_OK) {
            tracing::warn!(counts, plans, "SQLite would not be set up; it works, and slower");
        }
    });
}

/// Plans a statement when it is prepared, and not anew with every value that is bound to it: this build of SQLite would look
/// each value up in its statistics.
unsafe extern "C" fn plan_once(
    db: *mut ffi::sqlite3,
    _message: *mut *mut c_char,
    _routines: *const ffi::sqlite3_api_routines,
) -> c_int {
    // SAFETY: the library hands over the connection it is opening; the option takes an `int` and a pointer that may be null.
    unsafe { ffi::sqlite3_db_config(db, ffi::SQLITE_DBCONFIG_ENABLE_QPSG, 1 as c_int, std::ptr::null_mut::<c_int>()) }
}
