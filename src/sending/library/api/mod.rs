//! `/v1/templates`.

mod preview;
mod templates;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    // Before what takes any id.
    cfg.service(preview::list_template_variables)
        .service(templates::list_templates)
        .service(templates::create_template)
        .service(templates::get_template)
        .service(templates::update_template)
        .service(templates::delete_template)
        .service(preview::preview_template);
}
