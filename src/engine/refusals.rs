//! What the engine refuses, whatever the operation.

use crate::base::ErrorKind;
use crate::base::refusal::Place::{
    Anywhere, At, Bodies, Everywhere, Ids, Input, JsonBodies, Keys, Reads, Receivers, Under, Versions, Writes,
};
use crate::base::refusal::{Again, Refusal};

pub const REFUSALS: &[Refusal] = &[
    Refusal::malformed("request.malformed_json")
        .why("The body is not JSON.")
        .remedy("Send one JSON value, in UTF-8. The detail says where reading ended.")
        .at(&[Bodies]),
    Refusal::malformed("request.too_deep")
        .why("The body is nested deeper than is read.")
        .remedy("Send a flatter document.")
        .at(&[Bodies]),
    Refusal::malformed("request.unreadable")
        .why("The body ended before it was whole.")
        .remedy("Send it again, with the Content-Length it has.")
        .again(Again::Later)
        .at(&[Bodies]),
    Refusal::malformed("request.headers_too_large")
        .why("All headers together are larger than is read.")
        .remedy("Send fewer or shorter headers; cookies are not needed.")
        .at(&[Everywhere]),
    Refusal::malformed("request.idempotency_key")
        .why("The Idempotency-Key is not 1 to 255 visible ASCII characters.")
        .remedy("Send a UUID, or leave the header out.")
        .at(&[Keys]),
    Refusal::precondition_failed("request.if_match")
        .why("If-Match is no list of entity tags.")
        .remedy("Send the ETag as it was answered, with its quotes, such as \"v3\".")
        .at(&[Versions]),
    Refusal::invalid("request.invalid")
        .why("A value of the body or a parameter is not one that is taken.")
        .remedy("Look at errors: each names the place of a value, and what would be right. All of them are told at once.")
        .at(&[Input]),
    Refusal::invalid("idempotency.key_reused")
        .why("This Idempotency-Key was used within 24 hours for another request.")
        .remedy("Use a new key for a new request; a repetition must be the same to the byte.")
        .at(&[Keys]),
    Refusal::conflict("idempotency.in_progress")
        .why("A request with this Idempotency-Key is still running.")
        .remedy("Repeat it in a moment, with the same key: then the answer of the first is repeated.")
        .again(Again::SameKey)
        .at(&[Keys]),
    Refusal::conflict("storage.conflict")
        .why("The same thing was written at the same time.")
        .remedy("Read it again, and repeat what is still to do.")
        .again(Again::Later)
        .at(&[Writes]),
    Refusal::precondition_failed("request.precondition_failed")
        .why("The resource has changed since the version that If-Match names.")
        .remedy("Read it again, and repeat the change with its new ETag.")
        .at(&[Versions]),
    Refusal::not_found("resource.not_found")
        .why("There is nothing under this path.")
        .remedy("Look at the path: a part of it that names a resource must be an id as it was answered.")
        .at(&[Ids]),
    Refusal::new(ErrorKind::TooLarge, "request.too_large")
        .why("The body is larger than this operation takes.")
        .remedy("Send less at once. The detail says how much is taken.")
        .at(&[Bodies]),
    Refusal::new(ErrorKind::UnsupportedMedia, "request.unsupported_media_type")
        .why("The body is not sent as JSON.")
        .remedy("Say Content-Type: application/json.")
        .at(&[JsonBodies]),
    Refusal::too_many("request.rate_limited")
        .why("More requests came than the limit allows.")
        .remedy("Wait as long as Retry-After says. RateLimit and RateLimit-Policy tell what is left before it comes to this.")
        .at(&[Everywhere]),
    Refusal::too_many("request.too_many_at_once")
        .why("Too many searches, counts and lists of this tenant run at once.")
        .remedy("Let some of them end first.")
        .at(&[Reads]),
    Refusal::too_many("request.volume_exceeded")
        .why("The tenant has written as much as it may in a day.")
        .remedy("Wait: room comes back little by little. Ask the platform's operators for more.")
        .at(&[Writes, Receivers]),
    Refusal::new(ErrorKind::Internal, "internal")
        .why("Something failed on our side.")
        .remedy("Repeat it later. If it stays, tell the platform's support the request_id: it stands in the logs.")
        .again(Again::SameKey)
        .at(&[Anywhere]),
    Refusal::unavailable("request.timeout")
        .why("The request took longer than it may, and was cut off. It may take effect all the same.")
        .remedy("Repeat it with the same Idempotency-Key, or look before you repeat it.")
        .again(Again::SameKey)
        .at(&[Everywhere]),
    Refusal::unavailable("storage.unavailable")
        .why("Storage cannot be reached right now. Nothing was written.")
        .remedy("Repeat it after Retry-After.")
        .at(&[Everywhere, At("get_readiness")]),
    Refusal::unavailable("storage.outcome_unknown")
        .why("The connection to storage was lost in the moment of writing: it was written, or it was not.")
        .remedy("Repeat it with the same Idempotency-Key, or look before you repeat it.")
        .again(Again::SameKey)
        .at(&[Writes]),
    Refusal::new(ErrorKind::Gone, "tombstone.forgotten")
        .why("Something was deleted after this place so long ago that it is told no more.")
        .remedy("Copy everything anew, and go on from the place where that began.")
        .at(&[At("list_tombstones")]),
    Refusal::not_found("job.not_found")
        .why("There is no such job.")
        .remedy("Look it up in the list of jobs. What is done is kept for some days only.")
        .at(&[Under("/v1/ops/jobs/{id}")]),
    Refusal::conflict("job.not_retryable")
        .why("The job is running or done.")
        .remedy("Wait for it. Dead, discarded and waiting jobs can be run again.")
        .at(&[At("retry_job")]),
    Refusal::conflict("job.not_dead")
        .why("Only a dead job can be let be.")
        .remedy("Wait for it, or run it again by POST /v1/ops/jobs/{id}/retry.")
        .at(&[At("dismiss_job")]),
    Refusal::invalid("config.master_key")
        .why("The master key does not open what is stored in this database, or is no key.")
        .remedy("Set the key that the database was first used with. While it is being changed, set both, the new one first."),
    Refusal::not_found("job.unknown_kind")
        .why("A job is of a kind that this version does not know.")
        .remedy("Run it again once the version that made it is back."),
    Refusal::unavailable("job.lease_expired")
        .why("The worker vanished during the last attempt.")
        .remedy("Look for why the process died; then run the job again."),
    Refusal::conflict("job.lease_lost")
        .why("Another worker took the job over, because this one did not renew its lease in time.")
        .remedy("Nothing: the other one does it. If it happens often, the processes or the database are overloaded."),
    Refusal::unavailable("job.timeout")
        .why("The run took longer than its kind may, and was cut off.")
        .remedy("Nothing at first: it is tried again. If it dies of it, look at the provider it talks to."),
    Refusal::invalid("storage.foreign")
        .why("The database is not one of Leadwright.")
        .remedy("Look at LEADWRIGHT_DATABASE_URL."),
    Refusal::invalid("backup.no_database")
        .why("There is no database at this path.")
        .remedy("Name the file that the server uses."),
    Refusal::invalid("backup.not_found").why("There is no backup at this path.").remedy("Look at the path."),
    Refusal::invalid("backup.altered")
        .why("The backup's checksum does not hold: it is not what was written.")
        .remedy("Take another copy of it, or an older backup."),
    Refusal::invalid("backup.newer")
        .why("The backup is of a newer version than this program.")
        .remedy("Restore it with that version."),
    Refusal::conflict("backup.exists").why("There is a file of this name.").remedy("Choose another name."),
    Refusal::invalid("backup.path").why("The path is not valid UTF-8.").remedy("Choose another path."),
    Refusal::invalid("backup.broken")
        .why("The copy was checked and is not usable.")
        .remedy("Look at the disk, and make it again."),
    Refusal::unavailable("backup.io")
        .why("A file could not be read or written.")
        .remedy("Look at the detail: permissions, space, the disk."),
    Refusal::conflict("restore.exists")
        .why("There is a database where the backup would be restored to.")
        .remedy("Move it away, or say that it may be replaced."),
    Refusal::conflict("restore.in_use").why("A process has the database open.").remedy("Stop the server first."),
    Refusal::invalid("config.database_url")
        .why("LEADWRIGHT_DATABASE_URL is no address of a database.")
        .remedy("Give it the form that the detail shows."),
];
