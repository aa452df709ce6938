<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.22" styleCategories="Symbology">
  <renderer-v2 type="RuleRenderer" symbollevels="1" enableorderby="0" forceraster="0">
    <rules key="{00000000-0000-0000-0000-000000000000}">
      <rule key="{00000000-0000-0000-0000-000000000001}" symbol="0" label="moins de 4 m" filter="&quot;hauteur&quot; &lt; 4"/>
      <rule key="{00000000-0000-0000-0000-000000000002}" symbol="1" label="de 4 à 8 m" filter="&quot;hauteur&quot; &gt;= 4 AND &quot;hauteur&quot; &lt; 8"/>
      <rule key="{00000000-0000-0000-0000-000000000003}" symbol="2" label="de 8 à 13 m" filter="&quot;hauteur&quot; &gt;= 8 AND &quot;hauteur&quot; &lt; 13"/>
      <rule key="{00000000-0000-0000-0000-000000000004}" symbol="3" label="de 13 à 25 m" filter="&quot;hauteur&quot; &gt;= 13 AND &quot;hauteur&quot; &lt; 25"/>
      <rule key="{00000000-0000-0000-0000-000000000005}" symbol="4" label="25 m et plus" filter="&quot;hauteur&quot; &gt;= 25"/>
      <rule key="{00000000-0000-0000-0000-000000000006}" symbol="5" label="hauteur inconnue" filter="&quot;hauteur&quot; IS NULL"/>
    </rules>
    <symbols>
    <symbol type="fill" name="0" alpha="1" clip_to_extent="1" force_rhr="0">
      <layer class="SimpleFill" enabled="1" locked="0" pass="0">
        <Option type="Map">
          <Option type="QString" name="color" value="252,191,214,255"/>
          <Option type="QString" name="style" value="solid"/>
          <Option type="QString" name="outline_color" value="60,56,52,255"/>
          <Option type="QString" name="outline_style" value="solid"/>
          <Option type="QString" name="outline_width" value="0.1"/>
          <Option type="QString" name="outline_width_unit" value="MM"/>
          <Option type="QString" name="joinstyle" value="bevel"/>
        </Option>
      </layer>
    </symbol>
    <symbol type="fill" name="1" alpha="1" clip_to_extent="1" force_rhr="0">
      <layer class="SimpleFill" enabled="1" locked="0" pass="0">
        <Option type="Map">
          <Option type="QString" name="color" value="241,157,107,255"/>
          <Option type="QString" name="style" value="solid"/>
          <Option type="QString" name="outline_color" value="60,56,52,255"/>
          <Option type="QString" name="outline_style" value="solid"/>
          <Option type="QString" name="outline_width" value="0.1"/>
          <Option type="QString" name="outline_width_unit" value="MM"/>
          <Option type="QString" name="joinstyle" value="bevel"/>
        </Option>
      </layer>
    </symbol>
    <symbol type="fill" name="2" alpha="1" clip_to_extent="1" force_rhr="0">
      <layer class="SimpleFill" enabled="1" locked="0" pass="0">
        <Option type="Map">
          <Option type="QString" name="color" value="159,137,43,255"/>
          <Option type="QString" name="style" value="solid"/>
          <Option type="QString" name="outline_color" value="60,56,52,255"/>
          <Option type="QString" name="outline_style" value="solid"/>
          <Option type="QString" name="outline_width" value="0.1"/>
          <Option type="QString" name="outline_width_unit" value="MM"/>
          <Option type="QString" name="joinstyle" value="bevel"/>
        </Option>
      </layer>
    </symbol>
    <symbol type="fill" name="3" alpha="1" clip_to_extent="1" force_rhr="0">
      <layer class="SimpleFill" enabled="1" locked="0" pass="0">
        <Option type="Map">
          <Option type="QString" name="color" value="53,106,89,255"/>
          <Option type="QString" name="style" value="solid"/>
          <Option type="QString" name="outline_color" value="60,56,52,255"/>
          <Option type="QString" name="outline_style" value="solid"/>
          <Option type="QString" name="outline_width" value="0.1"/>
          <Option type="QString" name="outline_width_unit" value="MM"/>
          <Option type="QString" name="joinstyle" value="bevel"/>
        </Option>
      </layer>
    </symbol>
    <symbol type="fill" name="4" alpha="1" clip_to_extent="1" force_rhr="0">
      <layer class="SimpleFill" enabled="1" locked="0" pass="0">
        <Option type="Map">
          <Option type="QString" name="color" value="13,49,93,255"/>
          <Option type="QString" name="style" value="solid"/>
          <Option type="QString" name="outline_color" value="60,56,52,255"/>
          <Option type="QString" name="outline_style" value="solid"/>
          <Option type="QString" name="outline_width" value="0.1"/>
          <Option type="QString" name="outline_width_unit" value="MM"/>
          <Option type="QString" name="joinstyle" value="bevel"/>
        </Option>
      </layer>
    </symbol>
    <symbol type="fill" name="5" alpha="1" clip_to_extent="1" force_rhr="0">
      <layer class="SimpleFill" enabled="1" locked="0" pass="0">
        <Option type="Map">
          <Option type="QString" name="color" value="221,221,221,255"/>
          <Option type="QString" name="style" value="solid"/>
          <Option type="QString" name="outline_color" value="60,56,52,255"/>
          <Option type="QString" name="outline_style" value="solid"/>
          <Option type="QString" name="outline_width" value="0.1"/>
          <Option type="QString" name="outline_width_unit" value="MM"/>
          <Option type="QString" name="joinstyle" value="bevel"/>
        </Option>
      </layer>
    </symbol>
    </symbols>
  </renderer-v2>
  <layerGeometryType>2</layerGeometryType>
</qgis>
