// SCIMMY with scimmy-routers on Express over in-memory maps: `node server.js PORT TOKEN`.
//
// Rules: the store is as cheap as it can be without changing what SCIMMY does: a Map by id, a Map by userName,
// and pages cut from the Map's own order. Express is 4, which scimmy-routers is developed with: on Express 5
// `req.query` is parsed anew at each access, so the numbers that its middleware writes there are lost and every
// list is cut to 20.

import {randomUUID} from "node:crypto";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const [port, token] = process.argv.slice(2);

/** Resources of one type, with an index on `name` where it is unique. */
class Store {
    #byId = new Map();
    #byName = new Map();
    #name;

    constructor(name) {
        this.#name = name;
    }

    /** The resource, a filtered list, or the page that the request asks for. */
    read(request) {
        if (request.id) return this.#found(request.id);
        const found = request.filter ? this.#matching(request.filter) : undefined;
        return page(found ?? this.#byId.values(), found?.length ?? this.#byId.size, request.constraints ?? {});
    }

    /** Insert, or replace what has the request's id. */
    write(request, instance) {
        const was = request.id ? this.#found(request.id) : undefined;
        const name = this.#name && String(instance[this.#name]).toLowerCase();
        const owner = name && this.#byName.get(name);
        if (owner && owner !== request.id)
            throw new SCIMMY.Types.Error(409, "uniqueness", `${this.#name} is taken`);
        const id = request.id ?? randomUUID();
        const now = new Date().toISOString();
        const stored = {...JSON.parse(JSON.stringify(instance)), id, meta: {created: was?.meta.created ?? now, lastModified: now}};
        if (was && this.#name) this.#byName.delete(String(was[this.#name]).toLowerCase());
        if (name) this.#byName.set(name, id);
        this.#byId.set(id, stored);
        return stored;
    }

    /** Remove what has the request's id. */
    remove(request) {
        const was = this.#found(request.id);
        if (this.#name) this.#byName.delete(String(was[this.#name]).toLowerCase());
        this.#byId.delete(request.id);
    }

    #found(id) {
        const found = this.#byId.get(id);
        if (!found) throw new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);
        return found;
    }

    #matching(filter) {
        const [[attribute, comparison] = [""], ...more] = filter.length === 1 ? Object.entries(filter[0]) : [];
        const isName = attribute.toLowerCase() === this.#name?.toLowerCase() && comparison[0] === "eq";
        if (!isName || more.length > 0) return filter.match([...this.#byId.values()]);
        const id = this.#byName.get(String(comparison[1]).toLowerCase());
        return id ? [this.#byId.get(id)] : [];
    }
}

/** The page alone, in an array of the total's length: SCIMMY takes the total from there, and skips the holes. */
function page(resources, total, {startIndex = 1, count = 20, sortBy}) {
    if (sortBy) return [...resources];
    const shown = [];
    let place = 0;
    for (const resource of resources) {
        place += 1;
        if (place >= startIndex + count) break;
        if (place >= startIndex) shown.push(resource);
    }
    shown.length = total;
    return shown;
}

function declare(Resource, store) {
    SCIMMY.Resources.declare(Resource, {
        egress: (request) => store.read(request),
        ingress: (request, instance) => store.write(request, instance),
        degress: (request) => store.remove(request)
    });
}

declare(SCIMMY.Resources.User, new Store("userName"));
declare(SCIMMY.Resources.Group, new Store(undefined));
SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser, false);

const app = express();
app.disable("x-powered-by");
app.use("/scim", new SCIMMYRouters({
    type: "bearer",
    docUri: "https://example.com/help/bearer.html",
    handler: (request) => {
        if (request.header("Authorization") !== `Bearer ${token}`) throw new Error("Authorization not detected!");
        return "bench";
    }
}));
app.listen(Number(port), "127.0.0.1");
