import { createRoot } from "react-dom/client";
import { App } from "./App";
import { loadPreferences } from "./frame/preferences";
import { languageOf, speak } from "./words/words";
import "./style/tokens.css";
import "./style/desk.css";
import "./style/more.css";

const likes = loadPreferences();
await speak(likes.language ?? languageOf(navigator.languages));
createRoot(document.getElementById("root") as HTMLElement).render(<App />);
