function (event) {
    // By a file's name: the instrument's, lowest and highest note, softest and loudest in dB.
    var RANGES = {};
    var WIDTH = 348, HEIGHT = 96, LOW = 24, HIGH = 108, SOFT = -80, LOUD = 0;

    // As the panel has them.
    function hueOf(name) {
      let hash = 2166136261;
      for (const letter of name.toLowerCase()) {
        hash = Math.imul(hash ^ letter.codePointAt(0), 16777619);
      }
      // Steps of the golden angle keep names that differ little far apart.
      return ((hash >>> 0) % 997) * 137.508 % 360;
    }
    const colourOf = (name) => `oklch(0.83 0.135 ${hueOf(name).toFixed(0)})`;
    const NAMES = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];
    function nameOf(note) {
      const whole = Math.round(note);
      return `${NAMES[((whole % 12) + 12) % 12]}${Math.floor(whole / 12) - 1}`;
    }

    function x(note) { return (note - LOW) / (HIGH - LOW) * WIDTH; }
    function y(level) { return HEIGHT - 16 - (level - SOFT) / (LOUD - SOFT) * (HEIGHT - 20); }

    function part(svg, kind, attributes, text) {
        var each = document.createElementNS("http://www.w3.org/2000/svg", kind);
        for (var name in attributes) each.setAttribute(name, attributes[name]);
        if (text !== undefined) each.textContent = text;
        svg.appendChild(each);
    }

    // The region of pitch and loudness that the model was trained in.
    function draw(path) {
        var file = String(path || "violin").split("/").pop().replace(/\.ddspw$/, "");
        var row = Object.prototype.hasOwnProperty.call(RANGES, file) ? RANGES[file] : null;
        var svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
        svg.setAttribute("width", WIDTH);
        svg.setAttribute("height", HEIGHT);
        for (var note = LOW + 12; note < HIGH; note += 12) {
            part(svg, "line", { x1: x(note), x2: x(note), y1: 0, y2: HEIGHT - 16,
                stroke: "#262b33" });
            part(svg, "text", { x: x(note), y: HEIGHT - 4, fill: "#a6afba", "font-size": 11,
                "text-anchor": "middle" }, nameOf(note));
        }
        if (row) {
            var colour = colourOf(row[0]);
            part(svg, "rect", { x: x(row[1]), y: y(row[4]), width: x(row[2]) - x(row[1]),
                height: y(row[3]) - y(row[4]), rx: 8, fill: colour, "fill-opacity": 0.13,
                stroke: colour, "stroke-width": 1.5 });
        }
        part(svg, "text", { x: 8, y: 16, fill: row ? colour : "#f3f1ea", "font-size": 13 }, row ?
            row[0] + ", " + nameOf(row[1]) + " to " + nameOf(row[2]) : file);
        event.icon.find(".ddsp-range").empty().append(svg);
        event.icon.find(".ddsp-point").css({ "border-color": row ? colour : "#f3f1ea" });
    }

    // The player's point: the note and the loudness that the model is shown now.
    function move(symbol, value) {
        var point = event.icon.find(".ddsp-point");
        if (symbol === "pitch") {
            point.css({ left: Math.min(WIDTH, Math.max(0, x(value))) + "px" });
        } else if (symbol === "loudness") {
            point.css({ top: y(value) + "px", display: value > SOFT ? "block" : "none" });
        }
    }

    if (event.type === "start") {
        draw("");
        (event.parameters || []).forEach(function (each) {
            if (each.uri === "urn:ddsp-edge:model" && each.value) draw(each.value);
        });
        (event.ports || []).forEach(function (each) { move(each.symbol, each.value); });
    } else if (event.type === "change" && event.uri === "urn:ddsp-edge:model") {
        draw(event.value);
    } else if (event.type === "change") {
        move(event.symbol, event.value);
    }
}
