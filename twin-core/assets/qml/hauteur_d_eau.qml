<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.22" styleCategories="Symbology">
  <pipe>
    <rasterrenderer type="singlebandpseudocolor" band="1" opacity="0.85" alphaBand="-1" classificationMin="0.01" classificationMax="inf">
      <rastershader>
        <colorrampshader colorRampType="DISCRETE" classificationMode="1" clip="0" minimumValue="0.01" maximumValue="inf" labelPrecision="1">
          <item value="0.01" color="#ffffff" alpha="0" label="non inondé dans ce scénario"/>
          <item value="0.5" color="#b9d7ee" alpha="255" label="moins de 0,5 m"/>
          <item value="1" color="#6baed6" alpha="255" label="de 0,5 à 1 m"/>
          <item value="2" color="#2171b5" alpha="255" label="de 1 à 2 m"/>
          <item value="inf" color="#08306b" alpha="255" label="2 et plus (m)"/>
        </colorrampshader>
      </rastershader>
    </rasterrenderer>
  </pipe>
</qgis>
