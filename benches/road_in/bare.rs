//! The handler the server is compared with: the same framework and a body of the same size, and nothing behind it.

use actix_web::{App, HttpResponse, HttpServer, web};
use serde_json::Value;

use crate::Outcome;

/// One lead as the server answers it, serialised anew for each request.
const LEAD: &str = r#"{
    "id": "01900000-0000-7000-8000-000000000001", "name": "Priya Sharma", "email": "priya.sharma@example.com",
    "phone": "+919876543210", "company": null, "source": "meta_ads", "source_details": {"platform": "fb"},
    "status": "new", "validity": "unverified", "score": 95, "grade": "hot", "intent": "hot", "is_qualified": true,
    "is_locked": false, "is_stalled": false, "is_charged": true, "charge_kind": "quota",
    "charged_amount": {"amount": 30000, "currency": "INR"}, "assigned_to": null, "assigned_at": null, "industry": null,
    "location": {"city": "Mumbai"}, "budget_range": "₹80L-1Cr", "timeline": "Within 3 months",
    "form_responses": {"What is your budget?": "₹80L-1Cr", "Preferred areas?": "Andheri, Goregaon"},
    "ad_campaign_id": null, "lead_form_id": null, "platform_lead_id": "meta:000000000001", "ai_summary": null,
    "ai_insights": null, "pages_visited": [], "time_on_site_seconds": 0, "actions_taken": [], "enquiry_count": 1,
    "contact_count": 0, "total_interactions": 1, "first_contact_at": null, "last_contact_at": null,
    "last_activity_at": "2026-11-20T08:59:50Z", "closed_at": null, "received_at": "2026-11-20T08:59:50Z", "version": 1,
    "created_at": "2026-11-20T09:00:01Z", "updated_at": "2026-11-20T09:00:01Z"
}"#;

/// Serves until it is ended.
pub fn serve(port: u16) -> Outcome {
    let lead = web::Data::new(serde_json::from_str::<Value>(LEAD)?);
    actix_web::rt::System::new().block_on(async {
        let read = |lead: web::Data<Value>| async move { HttpResponse::Ok().json(lead.get_ref()) };
        HttpServer::new(move || App::new().app_data(lead.clone()).route("/lead", web::get().to(read)))
            .workers(std::thread::available_parallelism().map_or(2, usize::from))
            .bind(("127.0.0.1", port))?
            .run()
            .await
    })?;
    Ok(())
}
