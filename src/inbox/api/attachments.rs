//! What people sent along: read through us, because the provider keeps it behind the platform's credentials.
//!
//! It is a stranger's file, so it comes as something to save and never to show: no page, script or picture of it runs here.

use actix_web::{HttpResponse, get, web};
use futures_util::stream;

use crate::base::Error;
use crate::engine::Core;
use crate::engine::http::problem::Problem;
use crate::engine::http::{Answer, Path};
use crate::inbox::store::messages;
use crate::providers::{ErrorClass, MediaBody, ProviderError, Providers};
use crate::sending::id::MessageId;
use crate::tenants::access::{Caller, Permission};

fn absent() -> Error {
    Error::not_found("attachment.not_found", "This message has no such file.")
}

/// Read a file that came with a message
///
/// The bytes as the person sent them, to be saved: the content type is only what their telephone said. Fetched from the provider as
/// it is read, so it is gone when the provider has deleted it.
#[utoipa::path(
    params(("n" = usize, Path, description = "Its place among the message's attachments, from 0")),
    responses(
        (status = 200, description = "The file", content_type = "application/octet-stream", body = Vec<u8>),
        (status = 404, description = "`attachment.not_found`, `attachment.gone`", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "The provider does not answer", body = Problem, content_type = "application/problem+json"))
)]
#[get("/messages/{id}/attachments/{n}")]
pub async fn get_attachment(
    caller: Caller,
    core: Core,
    providers: web::Data<Providers>,
    path: Path<(MessageId, usize)>,
) -> Answer {
    caller.require(Permission::ConversationsRead)?;
    let (id, n) = path.0;
    let attachment = core
        .read(caller.scope(), move |tx| {
            let gone = || Error::not_found("message.not_found", "There is no such message.");
            let message = messages::find(tx, id)?.ok_or_else(gone)?;
            crate::leads::brief(tx, message.lead_id)?.require_unlocked()?;
            Ok(message.attachments.value()[n].clone())
        })
        .await?;
    let is_file = attachment["kind"] != "location";
    let url = attachment["url"].as_str().filter(|_| is_file).ok_or_else(absent)?;
    let fetcher =
        providers.media().ok_or_else(|| Error::conflict("channel.not_connected", "Twilio is not connected."))?;
    let body = fetcher.fetch_media(url).await.map_err(told)?;
    let said = attachment["content_type"].as_str().map(str::to_string).or_else(|| body.content_type.clone());
    Ok(HttpResponse::Ok()
        .content_type("application/octet-stream")
        .insert_header(("x-attachment-content-type", harmless(said.as_deref())))
        .insert_header((
            "content-disposition",
            format!("attachment; filename=\"attachment-{n}{}\"", ending(said.as_deref())),
        ))
        .insert_header(("x-content-type-options", "nosniff"))
        .insert_header(("content-security-policy", "sandbox; default-src 'none'"))
        .insert_header(("cache-control", "private, max-age=3600"))
        .streaming(pieces(body)))
}

/// The pieces as they come; an error in the middle ends the answer short, which a client sees.
fn pieces(body: MediaBody) -> impl futures_util::Stream<Item = std::result::Result<web::Bytes, ProviderError>> {
    stream::try_unfold(body, async |mut body| Ok(body.next().await?.map(|piece| (web::Bytes::from(piece), body))))
}

fn told(error: ProviderError) -> Error {
    match (error.class, error.code.as_str()) {
        (ErrorClass::Permanent, "gone" | "foreign_address" | "not_an_address") => {
            Error::not_found("attachment.gone", "The provider does not have this file any more.")
                .with_source(error.to_string())
        }
        _ => Error::from(error),
    }
}

/// What the telephone said it is, when that reads like a media type.
fn harmless(said: Option<&str>) -> String {
    let is_fine =
        |text: &&str| text.len() <= 100 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-+.;= ".contains(&b));
    said.filter(is_fine).unwrap_or("application/octet-stream").to_string()
}

fn ending(said: Option<&str>) -> &'static str {
    match said.and_then(|said| said.split(';').next()).unwrap_or_default() {
        "image/jpeg" => ".jpg",
        "image/png" => ".png",
        "image/webp" => ".webp",
        "image/gif" => ".gif",
        "audio/ogg" => ".ogg",
        "audio/mpeg" => ".mp3",
        "audio/amr" => ".amr",
        "video/mp4" => ".mp4",
        "video/3gpp" => ".3gp",
        "application/pdf" => ".pdf",
        "text/vcard" | "text/x-vcard" => ".vcf",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_telephone_says_of_a_file_breaks_no_header() {
        assert_eq!(harmless(Some("image/jpeg")), "image/jpeg");
        assert_eq!(harmless(Some("image/jpeg\r\nSet-Cookie: x")), "application/octet-stream");
        assert_eq!((ending(Some("audio/ogg; codecs=opus")), ending(Some("text/html")), ending(None)), (".ogg", "", ""));
    }
}
