/* No chat is open on this device: forget what an earlier one had not sent. */
try { sessionStorage.removeItem('lotse_unsent'); } catch (error) { /* no store, nothing kept */ }
