// Browsers start no workers from files: there, the search runs in a hidden frame instead, which is
// given the script and relays its messages.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      this.waiting = [];
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.append(frame);
      this.inside = frame.contentWindow;
      this.inside.postMessage = undefined;
      this.inside.importScripts = (...urls) =>
        urls.reduce((before, each) => before.then(() => this.load(each)), Promise.resolve());
      window.addEventListener("message", (event) => {
        if (event.data && event.data.fromWorker === url) {
          const relayed = new MessageEvent("message", { data: event.data.message });
          this.dispatchEvent(relayed);
          if (this.onmessage) this.onmessage(relayed);
        }
      });
      this.inside.postMessage = (message) =>
        window.postMessage({ fromWorker: url, message }, "*");
      this.ready = this.load(url);
    }

    load(url) {
      return new Promise((resolve, reject) => {
        const script = this.inside.document.createElement("script");
        script.src = url;
        script.onload = resolve;
        script.onerror = reject;
        this.inside.document.body.append(script);
      });
    }

    postMessage(data) {
      this.ready.then(() => this.inside.dispatchEvent(new MessageEvent("message", { data })));
    }
  };
}
