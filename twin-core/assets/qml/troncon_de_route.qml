<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.22" styleCategories="Symbology">
  <renderer-v2 type="RuleRenderer" symbollevels="1" enableorderby="0" forceraster="0">
    <rules key="{00000000-0000-0000-0000-000000000000}">
      <rule key="{00000000-0000-0000-0000-000000000001}" symbol="0" label="liaison principale" filter="&quot;importance&quot; IN (1, 2)"/>
      <rule key="{00000000-0000-0000-0000-000000000002}" symbol="1" label="liaison départementale" filter="&quot;importance&quot; = 3"/>
      <rule key="{00000000-0000-0000-0000-000000000003}" symbol="2" label="liaison locale" filter="&quot;importance&quot; = 4"/>
      <rule key="{00000000-0000-0000-0000-000000000004}" symbol="3" label="desserte" filter="&quot;importance&quot; = 5"/>
      <rule key="{00000000-0000-0000-0000-000000000005}" symbol="4" label="chemin et autre" filter="ELSE"/>
    </rules>
    <symbols>
    <symbol type="line" name="0" alpha="1" clip_to_extent="1" force_rhr="0">
      <layer class="SimpleLine" enabled="1" locked="0" pass="0">
        <Option type="Map">
          <Option type="QString" name="line_color" value="74,69,64,255"/>
          <Option type="QString" name="line_width" value="1.5"/>
          <Option type="QString" name="line_width_unit" value="MM"/>
          <Option type="QString" name="line_style" value="solid"/>
          <Option type="QString" name="capstyle" value="round"/>
          <Option type="QString" name="joinstyle" value="round"/>
        </Option>
      </layer>
      <layer class="SimpleLine" enabled="1" locked="0" pass="0">
        <Option type="Map">
          <Option type="QString" name="line_color" value="242,207,138,255"/>
          <Option type="QString" name="line_width" value="1.0"/>
          <Option type="QString" name="line_width_unit" value="MM"/>
          <Option type="QString" name="line_style" value="solid"/>
          <Option type="QString" name="capstyle" value="round"/>
          <Option type="QString" name="joinstyle" value="round"/>
        </Option>
      </layer>
    </symbol>
    <symbol type="line" name="1" alpha="1" clip_to_extent="1" force_rhr="0">
      <layer class="SimpleLine" enabled="1" locked="0" pass="0">
        <Option type="Map">
          <Option type="QString" name="line_color" value="74,69,64,255"/>
          <Option type="QString" name="line_width" value="1.1"/>
          <Option type="QString" name="line_width_unit" value="MM"/>
          <Option type="QString" name="line_style" value="solid"/>
          <Option type="QString" name="capstyle" value="round"/>
          <Option type="QString" name="joinstyle" value="round"/>
        </Option>
      </layer>
      <layer class="SimpleLine" enabled="1" locked="0" pass="0">
        <Option type="Map">
          <Option type="QString" name="line_color" value="247,231,191,255"/>
          <Option type="QString" name="line_width" value="0.7"/>
          <Option type="QString" name="line_width_unit" value="MM"/>
          <Option type="QString" name="line_style" value="solid"/>
          <Option type="QString" name="capstyle" value="round"/>
          <Option type="QString" name="joinstyle" value="round"/>
        </Option>
      </layer>
    </symbol>
    <symbol type="line" name="2" alpha="1" clip_to_extent="1" force_rhr="0">
      <layer class="SimpleLine" enabled="1" locked="0" pass="0">
        <Option type="Map">
          <Option type="QString" name="line_color" value="111,106,100,255"/>
          <Option type="QString" name="line_width" value="0.8"/>
          <Option type="QString" name="line_width_unit" value="MM"/>
          <Option type="QString" name="line_style" value="solid"/>
          <Option type="QString" name="capstyle" value="round"/>
          <Option type="QString" name="joinstyle" value="round"/>
        </Option>
      </layer>
      <layer class="SimpleLine" enabled="1" locked="0" pass="0">
        <Option type="Map">
          <Option type="QString" name="line_color" value="255,255,255,255"/>
          <Option type="QString" name="line_width" value="0.5"/>
          <Option type="QString" name="line_width_unit" value="MM"/>
          <Option type="QString" name="line_style" value="solid"/>
          <Option type="QString" name="capstyle" value="round"/>
          <Option type="QString" name="joinstyle" value="round"/>
        </Option>
      </layer>
    </symbol>
    <symbol type="line" name="3" alpha="1" clip_to_extent="1" force_rhr="0">
      <layer class="SimpleLine" enabled="1" locked="0" pass="0">
        <Option type="Map">
          <Option type="QString" name="line_color" value="143,138,132,255"/>
          <Option type="QString" name="line_width" value="0.5"/>
          <Option type="QString" name="line_width_unit" value="MM"/>
          <Option type="QString" name="line_style" value="solid"/>
          <Option type="QString" name="capstyle" value="round"/>
          <Option type="QString" name="joinstyle" value="round"/>
        </Option>
      </layer>
      <layer class="SimpleLine" enabled="1" locked="0" pass="0">
        <Option type="Map">
          <Option type="QString" name="line_color" value="255,255,255,255"/>
          <Option type="QString" name="line_width" value="0.3"/>
          <Option type="QString" name="line_width_unit" value="MM"/>
          <Option type="QString" name="line_style" value="solid"/>
          <Option type="QString" name="capstyle" value="round"/>
          <Option type="QString" name="joinstyle" value="round"/>
        </Option>
      </layer>
    </symbol>
    <symbol type="line" name="4" alpha="1" clip_to_extent="1" force_rhr="0">
      <layer class="SimpleLine" enabled="1" locked="0" pass="0">
        <Option type="Map">
          <Option type="QString" name="line_color" value="143,138,132,255"/>
          <Option type="QString" name="line_width" value="0.25"/>
          <Option type="QString" name="line_width_unit" value="MM"/>
          <Option type="QString" name="line_style" value="dash"/>
          <Option type="QString" name="capstyle" value="round"/>
          <Option type="QString" name="joinstyle" value="round"/>
        </Option>
      </layer>
    </symbol>
    </symbols>
  </renderer-v2>
  <layerGeometryType>1</layerGeometryType>
</qgis>
