//! Keys and gestures, over the picture.

use bevy_egui::egui::{Align2, Context, Grid, Window};

use super::Desk;

pub(super) fn show(ctx: &Context, desk: &mut Desk<'_, '_>) {
    if !desk.session.shows_help {
        return;
    }
    let language = desk.language();
    let rows: [(&str, &str, &str); 21] = [
        (
            "Glisser (gauche)",
            "Déplacer la carte ; en vol et dans la rue : regarder",
            "Move the map; in flight and in the street: look",
        ),
        ("Glisser (droit)", "Tourner et incliner autour du point", "Turn and tilt about the point"),
        (
            "Molette",
            "Approcher du point sous le curseur",
            "Come nearer to the point under the cursor",
        ),
        ("← ↑ → ↓, Z Q S D", "Se déplacer ; Maj : plus vite", "Move; Shift: faster"),
        ("A, E", "Tourner", "Turn"),
        ("R, F", "Incliner ; en vol : monter, descendre", "Tilt; in flight: rise, fall"),
        ("+, −", "Approcher, reculer", "Nearer, farther"),
        ("1, 2, 3, 4", "Carte, plan, vol, rue", "Map, plan, flight, street"),
        ("Début", "Tout le territoire", "Whole territory"),
        ("I, T, U, O", "Interroger, distance, surface, profil", "Ask, distance, area, profile"),
        (
            "Entrée, Retour, Échap",
            "Terminer, reprendre un point, abandonner",
            "Finish, take back, give up",
        ),
        (
            "Espace, Page haut, bas",
            "Lecture, image précédente, suivante",
            "Play, previous and next moment",
        ),
        (
            "F5 à F9",
            "Dessiner digue, haie, plantation, bassin ; simuler",
            "Draw dyke, hedge, planting, basin; simulate",
        ),
        (
            "Maj+F5 à F7",
            "Dessiner rangée d'arbres, bâtiment neuf, surélévation",
            "Draw row of trees, new building, added storeys",
        ),
        ("C", "Comparaison suivante", "Next comparison"),
        ("Ctrl+O", "Choisir un fichier à ouvrir", "Choose a file to open"),
        (
            "Ctrl+S, Ctrl+Maj+S",
            "Enregistrer la vue, sous un autre nom",
            "Save the view, under another name",
        ),
        (
            "F12, Maj+F12",
            "Écrire l'image, une image par instant",
            "Write the picture, a picture per moment",
        ),
        (
            "Ctrl+E",
            "Écrire la réponse, la mesure ou le profil (CSV)",
            "Write the answer, the measurement or the profile (CSV)",
        ),
        (
            "Tabulation",
            "D'un réglage au suivant ; Espace l'actionne",
            "From one control to the next; space uses it",
        ),
        ("F1", "Cette aide", "This help"),
    ];
    let mut is_open = true;
    Window::new(language.pick("Aide", "Help"))
        .anchor(Align2::CENTER_CENTER, [0.0, 0.0])
        .collapsible(false)
        .resizable(false)
        .open(&mut is_open)
        .show(ctx, |ui| {
            Grid::new("help").num_columns(2).striped(true).show(ui, |ui| {
                for (keys, fr, en) in rows {
                    ui.monospace(keys);
                    ui.label(language.pick(fr, en));
                    ui.end_row();
                }
            });
        });
    desk.session.shows_help &= is_open;
}
