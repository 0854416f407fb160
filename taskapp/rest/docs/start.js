// The page of /docs: Swagger UI, with paths of whoever has signed in.

// Returns the user id in a token; undefined where there is none to be read.
function userOf(token, claim) {
  try {
    const bytes = atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"));
    const text = new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
    return JSON.parse(text)[claim];
  } catch {
    return undefined;
  }
}

// Returns all that Swagger UI knows about who has signed in.
function authorized(system) {
  return system.authSelectors.authorized()?.toJS() ?? {};
}

// Returns the document as this page shows it.
function fitted(document, system) {
  const schemes = document.components?.securitySchemes ?? {};
  const claim = schemes.bearerAuth?.["x-user-id-claim"];
  const tokens = Object.values(authorized(system)).map((each) => each.token?.access_token ?? each.value);
  const user = tokens.map((token) => userOf(token, claim)).find((id) => id !== undefined);
  const paths = structuredClone(document.paths ?? {});
  for (const path of Object.values(paths)) {
    for (const parameter of path.parameters ?? []) {
      if (user !== undefined && parameter.name === "user_id") parameter.example = String(user);
    }
  }
  // Whatever stands in front of the service, the page has come through it.
  const url = location.origin + location.pathname.replace(/\/docs\/?$/, "");
  return { ...document, paths, servers: [{ url }] };
}

const ours = (system) => {
  let served = {};
  return {
    statePlugins: {
      spec: {
        wrapActions: {
          updateJsonSpec: (update) => (document) => {
            served = document;
            return update(fitted(served, system));
          },
        },
      },
      auth: {
        wrapActions: {
          // Swagger UI would keep the password, too.
          persistAuthorizationIfNeeded: () => () => {
            const kept = authorized(system);
            for (const each of Object.values(kept)) delete each.password;
            localStorage.setItem("authorized", JSON.stringify(kept));
            system.specActions.updateJsonSpec(served);
          },
        },
      },
    },
  };
};

SwaggerUIBundle({
  url: new URL("../openapi.json", document.currentScript.src).pathname,
  dom_id: "#swagger-ui",
  deepLinking: true,
  persistAuthorization: true,
  plugins: [ours],
});
