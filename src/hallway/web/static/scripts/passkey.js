// Passkeys: asks the browser's authenticator, and sends its answer with the form. Forms that need it are hidden until here.
{
  const forms = document.querySelectorAll("form[data-passkey]");
  const able = Boolean(window.PublicKeyCredential);
  const octets = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  let waiting = null;

  const options = (form) => {
    const wanted = JSON.parse(form.dataset.options);
    wanted.challenge = octets(wanted.challenge);
    if (wanted.user) wanted.user.id = octets(wanted.user.id);
    for (const list of ["allowCredentials", "excludeCredentials"])
      for (const one of wanted[list] || []) one.id = octets(one.id);
    return wanted;
  };

  const answer = (credential) => {
    const given = credential.response;
    const response = { clientDataJSON: text(given.clientDataJSON) };
    for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"])
      if (given[part]) response[part] = text(given[part]);
    if (given.getTransports) response.transports = given.getTransports();
    const { id, type } = credential;
    return JSON.stringify({
      id, rawId: text(credential.rawId), type, response,
      clientExtensionResults: credential.getClientExtensionResults(),
      authenticatorAttachment: credential.authenticatorAttachment,
    });
  };

  const ask = async (form, mediation) => {
    if (waiting) waiting.abort();
    waiting = new AbortController();
    const wanted = { publicKey: options(form), signal: waiting.signal };
    if (mediation) wanted.mediation = mediation;
    const kind = form.dataset.passkey;
    const credential = await (kind === "create" ? navigator.credentials.create(wanted) : navigator.credentials.get(wanted));
    form.elements.answer.value = answer(credential);
    form.submit();
  };

  for (const form of forms) {
    form.hidden = !able;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const problem = form.querySelector("[data-passkey-problem]");
      problem.hidden = true;
      // What was typed into the form beside this one goes along: a name is asked for once.
      const typed = document.querySelector("form:not([data-passkey]) [name=name]");
      if (form.elements.name && typed) {
        if (!typed.reportValidity()) return;
        form.elements.name.value = typed.value;
      }
      try {
        await ask(form);
      } catch {
        problem.hidden = false;
      }
    });
    if (able && "silent" in form.dataset && PublicKeyCredential.isConditionalMediationAvailable)
      PublicKeyCredential.isConditionalMediationAvailable()
        .then((possible) => possible && ask(form, "conditional"))
        .catch(() => {});
  }
  if (!able) for (const told of document.querySelectorAll("[data-passkey-none]")) told.hidden = false;
}
