{
    const styles = {{ styles }}, styleOf = {{ style_of }}, tooltip = {{ tooltip }};
    const shapes = L.geoJson(null, {
        ...{{ options }},
        style: ({ id }) => styles[styleOf ? styleOf[id] : 0],
    });
    shapes.addData({{ features }});
    if (tooltip) {
        const row = ({ properties }, [name, title]) => `<tr><th>${title}</th><td>${properties[name] ?? ""}</td></tr>`;
        const table = ({ feature }) => `<table>${tooltip.map((one) => row(feature, one)).join("")}</table>`;
        shapes.bindTooltip(table, { sticky: true, className: "foliumtooltip" });
    }
    shapes.addTo({{ map }});
}
