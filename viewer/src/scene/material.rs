//! Materials of the scene: opaque surfaces and the water of a result.
//!
//! All materials share three buffers, which are written in place: the values of the result that is
//! shown, how it is shown, and the colours of buildings. Showing another moment therefore touches
//! no material.

use bevy::asset::{embedded_asset, load_internal_asset, uuid_handle};
use bevy::material::AlphaMode;
use bevy::mesh::MeshVertexBufferLayoutRef;
use bevy::pbr::{Material, MaterialPipeline, MaterialPipelineKey, MaterialPlugin};
use bevy::prelude::*;
use bevy::render::render_resource::{
    AsBindGroup, RenderPipelineDescriptor, ShaderType, SpecializedMeshPipelineError,
};
use bevy::render::storage::ShaderBuffer;
use bevy::shader::{Shader, ShaderRef};
use twin_core::export::Rgb;

const DRAPE: Handle<Shader> = uuid_handle!("7f0f3a54-4b62-4a0b-8c41-5f6a9d2c7e11");

/// Registers the materials and their shaders.
pub(super) fn register(app: &mut App) {
    load_internal_asset!(app, DRAPE, "drape.wgsl", Shader::from_wgsl);
    embedded_asset!(app, "surface.wgsl");
    embedded_asset!(app, "water.wgsl");
    app.add_plugins((
        MaterialPlugin::<SurfaceMaterial>::default(),
        MaterialPlugin::<WaterMaterial>::default(),
    ));
}

/// What a [`SurfaceMaterial`] shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Kind {
    /// The picture of a terrain node, with the result on it.
    Terrain = 0,
    /// Colours by part of the building and by building.
    Building = 1,
    /// Colours of the vertices.
    Vertices = 2,
    /// A colour, a picture and colours of the vertices, one upon the other.
    Model = 3,
}

/// Constants of a [`SurfaceMaterial`].
#[derive(Debug, Clone, Copy, ShaderType)]
pub(crate) struct Look {
    kind: u32,
    marked: u32,
    roof: Vec4,
    wall: Vec4,
}

impl Look {
    /// The look of a kind of surface, nothing marked.
    pub(crate) fn new(kind: Kind) -> Self {
        let [roof, wall] = [Rgb::hex(0xb5_6551), Rgb::hex(0xe2_d9c8)].map(linear);
        Self { kind: kind as u32, marked: u32::MAX, roof, wall }
    }

    /// The look of a part of a model that has a colour of its own.
    pub(crate) fn of_model(colour: LinearRgba) -> Self {
        Self { wall: colour.to_vec4(), ..Self::new(Kind::Model) }
    }

    /// Marks a building.
    pub(crate) fn mark(&mut self, building: Option<u32>) {
        self.marked = building.unwrap_or(u32::MAX);
    }
}

/// A colour of a legend as the shaders compute with it.
pub(crate) fn linear(colour: Rgb) -> Vec4 {
    let colour = Color::srgb_u8(colour.0, colour.1, colour.2).to_linear();
    Vec4::new(colour.red, colour.green, colour.blue, 1.0)
}

/// The buffers that all materials share.
#[derive(Debug, Clone, Resource)]
pub(crate) struct SharedBuffers {
    /// Two moments of a field, then the bed; `NO_VALUE` where there is none.
    pub(crate) fields: Handle<ShaderBuffer>,
    /// How the field is shown.
    pub(crate) drape: Handle<ShaderBuffer>,
    /// Colours of buildings.
    pub(crate) palette: Handle<ShaderBuffer>,
}

/// Terrain, buildings and trees.
#[derive(Debug, Clone, Asset, TypePath, AsBindGroup)]
pub(crate) struct SurfaceMaterial {
    #[uniform(0)]
    pub(crate) look: Look,
    #[texture(1)]
    #[sampler(2)]
    pub(crate) picture: Option<Handle<Image>>,
    #[storage(3, read_only)]
    pub(crate) fields: Handle<ShaderBuffer>,
    #[storage(4, read_only)]
    pub(crate) drape: Handle<ShaderBuffer>,
    #[storage(5, read_only)]
    pub(crate) palette: Handle<ShaderBuffer>,
}

impl SurfaceMaterial {
    /// A material on the shared buffers.
    pub(crate) fn new(kind: Kind, picture: Option<Handle<Image>>, shared: &SharedBuffers) -> Self {
        let SharedBuffers { fields, drape, palette } = shared.clone();
        Self { look: Look::new(kind), picture, fields, drape, palette }
    }
}

impl Material for SurfaceMaterial {
    fn fragment_shader() -> ShaderRef {
        "embedded://twin_viewer/scene/surface.wgsl".into()
    }

    fn specialize(
        _: &MaterialPipeline,
        descriptor: &mut RenderPipelineDescriptor,
        _: &MeshVertexBufferLayoutRef,
        _: MaterialPipelineKey<Self>,
    ) -> Result<(), SpecializedMeshPipelineError> {
        // Roofs of open models and undersides of bridges are seen from both sides.
        descriptor.primitive.cull_mode = None;
        Ok(())
    }
}

/// The water surface of a result.
#[derive(Debug, Clone, Asset, TypePath, AsBindGroup)]
pub(crate) struct WaterMaterial {
    #[storage(3, read_only, visibility(vertex, fragment))]
    pub(crate) fields: Handle<ShaderBuffer>,
    #[storage(4, read_only, visibility(vertex, fragment))]
    pub(crate) drape: Handle<ShaderBuffer>,
}

impl Material for WaterMaterial {
    fn vertex_shader() -> ShaderRef {
        "embedded://twin_viewer/scene/water.wgsl".into()
    }

    fn fragment_shader() -> ShaderRef {
        "embedded://twin_viewer/scene/water.wgsl".into()
    }

    fn alpha_mode(&self) -> AlphaMode {
        AlphaMode::Blend
    }

    fn enable_prepass() -> bool {
        false
    }

    fn enable_shadows() -> bool {
        false
    }
}
